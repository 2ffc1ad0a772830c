import type { Retention, RoomAccess, RoomRole } from "@roomlog/protocol";
import type { LogState } from "../retention.ts";
import { withOwn } from "../room-info.ts";
import type { Life, ListedRoom, Room, Standing } from "../store.ts";
import { HOLD, holdOf, IS_HELD } from "./holds.ts";
import { MESSAGES_FROM, messageKey } from "./message-key.ts";

/** How rows of `rooms` become what the contract says. */

/** The room's own retention; null is no bound. */
interface RetentionRow {
  readonly max_age: number | null;
  readonly max_messages: number | null;
  readonly max_bytes: number | null;
}

/** JSON; null for a room where nothing special holds. */
const ACCESS = "(SELECT access FROM room_access WHERE room_access.room_key = rooms.room_key) AS access";

export const ROOM = `room_id, epoch, first_id, last_id, max_age, max_messages, max_bytes, ${ACCESS}, info`;

export interface RoomRow extends RetentionRow, Omit<Room, "info"> {
  /** JSON */
  readonly info: string;
  readonly access: string | null;
}

export function roomOf({ room_id, epoch, info, first_id, last_id, access, ...row }: RoomRow): Room {
  const own = { retention: retentionOf(row), access: access === null ? undefined : accessOf(access) };
  return { room_id, epoch, info: withOwn(JSON.parse(info), own), first_id, last_id };
}

export const LISTED = `room_id, epoch, class, timeout, ${ACCESS}`;

export interface ListedRow extends Omit<ListedRoom, "timeout" | "access"> {
  readonly timeout: number | null;
  readonly access: string | null;
}

export function listedOf({ timeout, access, ...row }: ListedRow): ListedRoom {
  return {
    ...row,
    ...(timeout !== null && { timeout }),
    ...(access !== null && { access: accessOf(access) }),
  };
}

function accessOf(access: string): RoomAccess {
  return JSON.parse(access);
}

export const STANDING = "role, role_until, muted, muted_until";

export interface StandingRow {
  readonly role: RoomRole | null;
  readonly role_until: number | null;
  readonly muted: number | null;
  readonly muted_until: number | null;
}

export function standingOf({
  role,
  role_until,
  muted,
  muted_until,
}: StandingRow): Omit<Standing, "since_id"> {
  return {
    ...(role !== null && { role }),
    ...(role_until !== null && { role_until }),
    ...(muted !== null && { muted: true }),
    ...(muted_until !== null && { muted_until }),
  };
}

/** What a life says of a user; all null but `access` when nothing. Parameters: user_id, service, room_id. */
export const OF_USER = `
  SELECT ${ACCESS}, ${STANDING}, since_id
  FROM rooms LEFT JOIN standings ON standings.room_key = rooms.room_key AND user_id = ?
  WHERE service = ? AND room_id = ?`;

export interface OfUserRow extends StandingRow {
  readonly access: string | null;
  readonly since_id: number | null;
}

export function ofUser({ access, since_id, ...row }: OfUserRow) {
  return {
    ...(access !== null && { access: accessOf(access) }),
    standing: { ...standingOf(row), ...(since_id !== null && { since_id }) },
  };
}

/** Of the oldest message; null without one. */
export const FIRST_TIME = `(SELECT timestmap FROM messages WHERE message_key = ${messageKey("rooms.room_key", "first_id")})`;

export const LIFE = `epoch, created_at, destroyed_at, first_id, last_id, bytes, last_timestmap, ${FIRST_TIME} AS first_time, ${HOLD}`;

export interface LifeRow extends Pick<Life, "epoch" | "created_at" | "first_id" | "last_id" | "bytes"> {
  readonly destroyed_at: number | null;
  readonly last_timestmap: number;
  /** Null without a message. */
  readonly first_time: number | null;
  /** JSON; null without one. */
  readonly hold: string | null;
}

export function lifeOf({ destroyed_at, last_timestmap: last_time, first_time, hold, ...row }: LifeRow): Life {
  return {
    ...row,
    ...(destroyed_at !== null && { destroyed_at }),
    count: row.last_id - row.first_id + 1,
    ...(first_time !== null && { first_time, last_time }),
    ...(hold !== null && { hold: holdOf(hold) }),
  };
}

/** A life, whether or not its log can be read. Parameters: service, room_id, epoch. */
export const STATE = `
  SELECT room_key, first_id, last_id, bytes, destroyed_at, kept, max_age, max_messages, max_bytes, ${IS_HELD} AS held
  FROM rooms WHERE service = ? AND room_id = ? AND epoch = ?`;

export interface StateRow extends RetentionRow, Pick<LogState, "first_id" | "last_id" | "bytes"> {
  readonly room_key: number;
  readonly destroyed_at: number | null;
  /** 0 when its log cannot be read. */
  readonly kept: number;
  /** 1 when it is on hold (M22), else 0. */
  readonly held: number;
}

export function stateOf({
  first_id,
  last_id,
  bytes,
  destroyed_at,
  kept,
  held: _,
  ...row
}: StateRow): LogState {
  return {
    first_id,
    last_id,
    bytes,
    retention: retentionOf(row),
    destroyed_at: destroyed_at ?? undefined,
    kept: kept !== 0,
  };
}

/** Entries of a log that refer to one. Without being told, SQLite would rather go through the whole log than look up rows by this index. */
export const REFERRING = "INDEXED BY messages_by_ref WHERE";

/** The messages of a log from an id on, as retention looks at them. Parameters: those of `MESSAGES_FROM`. */
export const MEASURED = `
  SELECT timestmap, octet_length(msg) AS bytes FROM messages
  WHERE ${MESSAGES_FROM} ORDER BY message_key`;

function retentionOf({ max_age, max_messages, max_bytes }: RetentionRow): Retention {
  return {
    ...(max_age !== null && { max_age }),
    ...(max_messages !== null && { max_messages }),
    ...(max_bytes !== null && { max_bytes }),
  };
}

/** How many edits and deletions stand behind an id: the numbers of the newest and of the first of them say it. */
export const CHANGES_AFTER = `
  SELECT ifnull(1
    + (SELECT number FROM changes WHERE room_key = :room_key ORDER BY msg_id DESC LIMIT 1)
    - (SELECT number FROM changes WHERE room_key = :room_key AND msg_id > :after ORDER BY msg_id LIMIT 1), 0)`;
