import type { JsonObject, RoomAccess, StoredMessage } from "@roomlog/protocol";

/** Somebody in a room (R4). */
export interface Member {
  readonly user_id: string;
  readonly role: string;
  readonly meta?: JsonObject;
}

/** By session id. */
export type Members = ReadonlyMap<string, Member>;

interface Who {
  readonly user_id: string;
  readonly session_id: string;
}

/** By whom, and why. */
interface Act {
  readonly user_id: string;
  readonly by: string;
  readonly reason?: string;
}

/** What happens in a room, and what its listeners get: `members` is the client's own, the others are the protocol's. */
export interface RoomEvents {
  /** After each change, and when the room was joined again. */
  readonly members: Members;
  readonly started_member: Member & Who;
  readonly stopped_member: Member & Who;
  /** R5: of the class `class`; not stored. */
  readonly status: Who & { readonly class: string; readonly data: JsonObject };
  /** R5: typing, hands, cursors; not stored. */
  readonly info: Who & { readonly info: string; readonly meta?: JsonObject };
  readonly granted: Omit<Act, "reason"> & { readonly role: string };
  readonly kicked: Act;
  /** `until`: µs since 1970; without it for good. */
  readonly banned: Act & { readonly until?: number };
  readonly muted: Act & { readonly muted: boolean; readonly until?: number };
  readonly access: RoomAccess & { readonly by: string };
  /** M24: `removed` when the type has none any more. */
  readonly schema: {
    readonly type: string;
    readonly version: number;
    readonly removed?: true;
    readonly by: string;
  };
  readonly destroyed: { readonly code: number; readonly reason: string };
  readonly msglog_new_msg: StoredMessage;
  /** M19 */
  readonly msglog_marked: { readonly user_id: string; readonly msg_id: number };
  readonly msglog_dropped: { readonly epoch: string; readonly first_id: number };
  /** M21: entries that read differently now, since what the user wrote was erased: drop copies of them. */
  readonly msglog_erased: {
    readonly epoch: string;
    readonly user_id: string;
    readonly msg_ids: readonly number[];
  };
}
