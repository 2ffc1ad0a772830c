/** The client was closed: by `close()`, or for good by the server; then `cause` says why. */
export declare class ClientClosed extends Error {
  constructor(cause?: Error);
}
/** This life of the room has ended (R2, R6): `client.join` enters the next one, if there is one. */
export declare class RoomEnded extends Error {
  readonly room_id: string;
  constructor(room_id: string, cause?: Error);
}
/** Who is not in the room any more: `how` is `left`, or how the server put him out (R9). */
export declare class RoomLeft extends Error {
  readonly room_id: string;
  readonly how: "left" | "kicked" | "banned" | "removed";
  constructor(room_id: string, how: RoomLeft["how"], reason?: string);
}
/** More messages wait to be sent than the option `outbox` allows: this one was not taken. */
export declare class OutboxFull extends Error {
  constructor(limit: number);
}
/**
 * An earlier try of this send got no answer, and none can be had any more: whether the message is stored is unknown.
 * `cause` is why the last try failed.
 */
export declare class OutcomeUnknown extends Error {
  readonly client_msg_id: string;
  constructor(client_msg_id: string, cause: unknown);
}
/** What is wrong with a message, as the validator of the room says. */
export interface Issue {
  readonly message: string;
  readonly path?:
    | ReadonlyArray<
        | PropertyKey
        | {
            readonly key: PropertyKey;
          }
      >
    | undefined;
}
/** A message is not as the `schema` of the room wants it. `messages({ after: error.msg_id })` goes on behind it. */
export declare class InvalidMessage extends Error {
  readonly msg_id: number;
  /** What was sent. */
  readonly msg: unknown;
  readonly issues: readonly Issue[];
  constructor(msg_id: number, msg: unknown, issues: readonly Issue[]);
}
