import { MOST_ID } from "../store.ts";

/**
 * How rows of `messages` are found: by one number, the room in its upper half and the id in its lower one. So a log is one
 * stretch of the table, and the pages above its rows hold nothing but such numbers. `room_key` and `msg_id` are columns too,
 * made of it: they can be read and compared, but only the key says where to look.
 */

/** SQL: the key of an id in a room, both SQL; of an id that there cannot be, a key that no message has. */
export function messageKey(room_key: string, msg_id: string): string {
  return `(${room_key} << 32 | min(max(${msg_id}, 0), ${MOST_ID + 1}))`;
}

/** SQL: one message. Parameters: room_key, msg_id. */
export const MESSAGE = `message_key = ${messageKey("?", "?")}`;

/** SQL, behind a key: whether it is of an id from `low` to `high` in a room, both included. */
export function between(room_key: string, low: string, high: string): string {
  return `BETWEEN ${messageKey(room_key, low)} AND ${messageKey(room_key, high)}`;
}

/** SQL, behind a key: the same. Parameters: room_key, low, room_key, high. */
export const IN_RANGE = between("?", "?", "?");

/** SQL: messages from one id to another. Parameters: those of `IN_RANGE`. */
export const MESSAGES = `message_key ${IN_RANGE}`;

/** SQL: messages from an id on. Parameters: room_key, low, room_key. */
export const MESSAGES_FROM = `message_key ${between("?", "?", String(MOST_ID))}`;

/** SQL: the messages of a room. Parameters: room_key, room_key. */
export const ALL_MESSAGES = `message_key ${between("?", "0", String(MOST_ID))}`;
