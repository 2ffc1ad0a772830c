import type { CommandResult, EventData, Filter, JsonObject, RoomInfo } from "@roomlog/protocol";
import type { Credentials, Grant } from "../auth/auth.ts";
import type { From } from "./cursors.ts";
import type { Pattern } from "./hub.ts";
import type { Answered } from "./plugin.ts";
import type { Afterwards } from "./requests.ts";
import type { OpenSession } from "./sessions.ts";

type Nothing = Record<string, never>;

/** The points into which plugins can hook, by the plugin that runs them: what goes in, what comes out (S2). */
export interface HookPoints {
  /** Somebody logs in: who he is and what he may do, or undefined to refuse. */
  "core.login": { in: Credentials; out: Promise<Grant | undefined> };
  /** A session has logged in; its answer has not been sent yet. */
  "core.opened": { in: OpenSession; out: void };
  /** A session that had logged in has ended. */
  "core.ended": { in: OpenSession; out: void };
  /** A session subscribes (E2). */
  "core.subscribe": {
    in: { session: OpenSession; pattern: Pattern; service: string | undefined };
    out: Answered<Nothing>;
  };
  /** A client sends an event (E8). */
  "core.event": { in: { session: OpenSession; event: EventData }; out: Answered<Nothing> };
  /** A room is about to be created (R1). */
  "room.create": {
    in: { session: OpenSession; room_id: string; info: RoomInfo };
    out: Answered<{ room_id: string }>;
  };
  /** What `join` answers (R4) beside the members. */
  "room.join": {
    in: {
      session: OpenSession;
      room_id: string;
      /** Where the session wants to go on in the room's log (M10), and what it wants of it (M17). */
      from: From & { readonly where?: Filter | undefined };
      /** Does something after the answer. */
      afterwards: Afterwards;
    };
    out: Promise<Omit<CommandResult<"media/room/join">, "members">>;
  };
  /**
   * A message before it is stored (M1), or another wording of the message `edits` (M15). One with another `msg` is
   * stored as that; never change it in place.
   */
  "msglog.send": {
    in: { session: OpenSession; room_id: string; msg: JsonObject; edits?: number };
    out: Answered<{ msg_id: number }>;
  };
}
