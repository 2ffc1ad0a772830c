/** The client was closed: by `close()`, or for good by the server; then `cause` says why. */
export class ClientClosed extends Error {
  constructor(cause?: Error) {
    super(`the client is closed${cause ? `: ${cause.message}` : ""}`, { cause });
    this.name = "ClientClosed";
  }
}

/** This life of the room has ended (R2, R6): `client.join` enters the next one, if there is one. */
export class RoomEnded extends Error {
  readonly room_id: string;
  constructor(room_id: string, cause?: Error) {
    super(`the room ${room_id} has ended`, { cause });
    this.name = "RoomEnded";
    this.room_id = room_id;
  }
}

/** Who is not in the room any more: `how` is `left`, or how the server put him out (R9). */
export class RoomLeft extends Error {
  readonly room_id: string;
  readonly how: "left" | "kicked" | "banned" | "removed";
  constructor(room_id: string, how: RoomLeft["how"], reason?: string) {
    super(
      `${how === "left" ? "you left" : `you were ${how} from`} the room ${room_id}${reason ? `: ${reason}` : ""}`,
    );
    this.name = "RoomLeft";
    this.room_id = room_id;
    this.how = how;
  }
}

/** More messages wait to be sent than the option `outbox` allows: this one was not taken. */
export class OutboxFull extends Error {
  constructor(limit: number) {
    super(`${limit} messages wait already (option outbox)`);
    this.name = "OutboxFull";
  }
}

/**
 * An earlier try of this send got no answer, and none can be had any more: whether the message is stored is unknown.
 * `cause` is why the last try failed.
 */
export class OutcomeUnknown extends Error {
  readonly client_msg_id: string;
  constructor(client_msg_id: string, cause: unknown) {
    super(`whether the message is stored is unknown: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
    this.name = "OutcomeUnknown";
    this.client_msg_id = client_msg_id;
  }
}

/** What is wrong with a message, as the validator of the room says. */
export interface Issue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

/** A message is not as the `schema` of the room wants it. `messages({ after: error.msg_id })` goes on behind it. */
export class InvalidMessage extends Error {
  readonly msg_id: number;
  /** What was sent. */
  readonly msg: unknown;
  readonly issues: readonly Issue[];
  constructor(msg_id: number, msg: unknown, issues: readonly Issue[]) {
    super(`message ${msg_id} is invalid: ${issues[0]?.message ?? ""}`);
    this.name = "InvalidMessage";
    this.msg_id = msg_id;
    this.msg = msg;
    this.issues = issues;
  }
}
