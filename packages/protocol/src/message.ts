/**
 * The names inside a stored message that belong to the server (M2). `timestmap` is spelled as in the
 * document that defined it: microseconds since 1970.
 */
export const reservedNames = ["msg_id", "user_id", "session_id", "timestmap", "$log"] as const;

/** What the server adds to a message (M2). */
export interface MessageStamp {
  readonly msg_id: number;
  readonly user_id: string;
  readonly session_id: string;
  /** µs since 1970 */
  readonly timestmap: number;
}

/**
 * A message as everyone sees it (M2): `msg`, the text of a JSON object, then the server's fields. `time_field` is the
 * name of the time: `timestmap`, or what the service calls it.
 */
export function messageText(msg: string, stamp: MessageStamp, time_field: string): string {
  const author = `"user_id":${JSON.stringify(stamp.user_id)},"session_id":${JSON.stringify(stamp.session_id)}`;
  return withTail(msg, `"msg_id":${stamp.msg_id},${author},"${time_field}":${stamp.timestmap}`);
}

/** The object `text` with further members at its end; `tail` is `"key":value,…` and not empty. */
export function withTail(text: string, tail: string): string {
  return text === "{}" ? `{${tail}}` : `${text.slice(0, text.lastIndexOf("}"))},${tail}}`;
}

/** A message of a room's log as it arrives in pages and events: what was sent, plus the server's fields (M2). */
export interface StoredMessage {
  readonly msg_id: number;
  readonly user_id: string;
  readonly session_id: string;
  readonly timestmap: number;
  readonly [key: string]: unknown;
}
