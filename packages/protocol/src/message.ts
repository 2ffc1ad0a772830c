/**
 * The names inside a stored message that belong to the server (M2). `timestmap` is spelled as in the
 * document that defined it: microseconds since 1970.
 */
export const reservedNames = ["msg_id", "user_id", "session_id", "timestmap", "$log"] as const;

/** A message of a room's log as it arrives in pages and events: what was sent, plus the server's fields (M2). */
export interface StoredMessage {
  readonly msg_id: number;
  readonly user_id: string;
  readonly session_id: string;
  readonly timestmap: number;
  readonly [key: string]: unknown;
}
