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

/** SQL: messages from one id to another, both included. Parameters: room_key, low, room_key, high. */
export const MESSAGES = `message_key BETWEEN ${messageKey("?", "?")} AND ${messageKey("?", "?")}`;

/** SQL: the messages of a room. Parameters: room_key, room_key. */
export const ALL_MESSAGES = `message_key BETWEEN ${messageKey("?", "0")} AND ${messageKey("?", String(MOST_ID))}`;
