import type { Retention } from "@roomlog/protocol";
import { type LogState, withRetention } from "../retention.ts";
import type { Life, ListedRoom, Room } from "../store.ts";

/** How rows of `rooms` become what the contract says. */

/** The room's own retention; null is no bound. */
interface RetentionRow {
  readonly max_age: number | null;
  readonly max_messages: number | null;
  readonly max_bytes: number | null;
}

export const ROOM = "room_id, epoch, first_id, last_id, max_age, max_messages, max_bytes, info";

export interface RoomRow extends RetentionRow, Omit<Room, "info"> {
  /** JSON */
  readonly info: string;
}

export function roomOf({ room_id, epoch, info, first_id, last_id, ...row }: RoomRow): Room {
  return { room_id, epoch, info: withRetention(JSON.parse(info), retentionOf(row)), first_id, last_id };
}

export const LISTED = "room_id, epoch, class, timeout";

export interface ListedRow extends Omit<ListedRoom, "timeout"> {
  readonly timeout: number | null;
}

export function listedOf({ timeout, ...row }: ListedRow): ListedRoom {
  return timeout === null ? row : { ...row, timeout };
}

/** Of the oldest message; null without one. */
export const FIRST_TIME =
  "(SELECT timestmap FROM messages WHERE messages.room_key = rooms.room_key AND msg_id = first_id)";

export const LIFE = `epoch, created_at, destroyed_at, first_id, last_id, bytes, last_timestmap, ${FIRST_TIME} AS first_time`;

export interface LifeRow extends Pick<Life, "epoch" | "created_at" | "first_id" | "last_id" | "bytes"> {
  readonly destroyed_at: number | null;
  readonly last_timestmap: number;
  /** Null without a message. */
  readonly first_time: number | null;
}

export function lifeOf({ destroyed_at, last_timestmap: last_time, first_time, ...row }: LifeRow): Life {
  return {
    ...row,
    ...(destroyed_at !== null && { destroyed_at }),
    count: row.last_id - row.first_id + 1,
    ...(first_time !== null && { first_time, last_time }),
  };
}

/** A life, whether or not its log can be read. Parameters: service, room_id, epoch. */
export const STATE = `
  SELECT room_key, first_id, last_id, bytes, destroyed_at, kept, max_age, max_messages, max_bytes
  FROM rooms WHERE service = ? AND room_id = ? AND epoch = ?`;

export interface StateRow extends RetentionRow, Pick<LogState, "first_id" | "last_id" | "bytes"> {
  readonly room_key: number;
  readonly destroyed_at: number | null;
  /** 0 or 1 */
  readonly kept: number;
}

export function stateOf({ first_id, last_id, bytes, destroyed_at, kept, ...row }: StateRow): LogState {
  return {
    first_id,
    last_id,
    bytes,
    retention: retentionOf(row),
    destroyed_at: destroyed_at ?? undefined,
    kept: kept === 1,
  };
}

/** The messages of a log from an id on, as retention looks at them. Parameters: room_key, msg_id. */
export const MEASURED =
  "SELECT timestmap, octet_length(msg) AS bytes FROM messages WHERE room_key = ? AND msg_id >= ? ORDER BY msg_id";

function retentionOf({ max_age, max_messages, max_bytes }: RetentionRow): Retention {
  return {
    ...(max_age !== null && { max_age }),
    ...(max_messages !== null && { max_messages }),
    ...(max_bytes !== null && { max_bytes }),
  };
}
