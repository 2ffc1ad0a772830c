import { reservedNames, roomEvents } from "@roomlog/protocol";
import type { ManagedStore } from "../store/managed.ts";
import type { Message } from "../store/store.ts";
import type { Clock } from "./clock.ts";
import { RequestError } from "./errors.ts";
import type { Hub } from "./hub.ts";
import { JsonText, withoutMembers, withTail } from "./json-text.ts";
import { failureOf, type Rooms } from "./rooms.ts";

export interface LogParts {
  readonly service: string;
  readonly store: ManagedStore;
  readonly hub: Hub;
  readonly rooms: Rooms;
  readonly clock: Clock;
}

export interface LogOptions {
  /** The name of the server's time in a message (M2). */
  readonly time_field: "timestmap" | "timestamp";
}

/** Who sends. */
export interface Author {
  readonly user_id: string;
  readonly session_id: string;
}

export type AppendOutcome = { readonly msg_id: number } | RequestError;

export interface PageQuery {
  readonly room_id: string;
  /** Only messages with greater ids; 0 for all. */
  readonly after: number;
  readonly limit: number;
  readonly max_bytes: number;
}

/** A page as the text of a JSON list. */
export interface LogPage {
  readonly messages: JsonText;
  readonly count: number;
  /** Whether `max_bytes` cut it short. */
  readonly cut: boolean;
}

/** The message logs of a service's rooms. */
export class Log {
  readonly #parts: LogParts;
  readonly #timeField: string;
  readonly #reserved: ReadonlySet<string>;

  constructor(parts: LogParts, { time_field }: LogOptions) {
    this.#parts = parts;
    this.#timeField = time_field;
    this.#reserved = new Set(reservedNames.map((name) => (name === "timestmap" ? time_field : name)));
  }

  /**
   * Stores a message (`text`: a JSON object as it was received) and gives it the next id of its room.
   * `settle` is called when it is durable (M4), then everyone who listens gets the event (E7, M5).
   * Fails with 304001 (no such room), 304105 (outcome unknown).
   */
  append(room_id: string, text: string, author: Author, settle: (outcome: AppendOutcome) => void): void {
    const { service, store, hub, rooms, clock } = this.#parts;
    const { user_id, session_id } = author;
    const msg = withoutMembers(text, this.#reserved);
    const timestmap = clock.wall();
    store.write({ kind: "append", service, room_id, user_id, session_id, timestmap, msg }, (outcome) => {
      if (outcome.kind !== "appended") return settle(failureOf(outcome) ?? new RequestError(100002));
      settle({ msg_id: outcome.msg_id });
      const body = this.#render({ ...outcome, user_id, session_id, msg });
      rooms.touch(room_id);
      hub.publish({
        class: "media",
        subclass: "room",
        type: roomEvents.msglog_new_msg,
        obj_id: room_id,
        body,
      });
    });
  }

  /** Messages in ascending order (M6). Throws 304001 when there is no such room. */
  async page(query: PageQuery): Promise<LogPage> {
    const page = await this.#parts.store.messages({
      service: this.#parts.service,
      order: "asc",
      ...query,
    });
    if (!page) throw new RequestError(304001);
    this.#parts.rooms.touch(query.room_id);
    const texts = page.messages.map((message) => this.#render(message).text);
    return { messages: new JsonText(`[${texts.join(",")}]`), count: texts.length, cut: page.cut };
  }

  /** The message as everyone sees it: what was sent, then the server's fields (M2). */
  #render({ msg, msg_id, user_id, session_id, timestmap }: Message): JsonText {
    const author = `"user_id":${JSON.stringify(user_id)},"session_id":${JSON.stringify(session_id)}`;
    return new JsonText(withTail(msg, `"msg_id":${msg_id},${author},"${this.#timeField}":${timestmap}`));
  }
}
