/** The client was closed: by `close()`, or for good by the server; then `cause` says why. */
export class ClientClosed extends Error {
  constructor(cause) {
    super(`the client is closed${cause ? `: ${cause.message}` : ""}`, { cause });
    this.name = "ClientClosed";
  }
}
/** This life of the room has ended (R2, R6): `client.join` enters the next one, if there is one. */
export class RoomEnded extends Error {
  room_id;
  constructor(room_id, cause) {
    super(`the room ${room_id} has ended`, { cause });
    this.name = "RoomEnded";
    this.room_id = room_id;
  }
}
/** Who is not in the room any more: `how` is `left`, or how the server put him out (R9). */
export class RoomLeft extends Error {
  room_id;
  how;
  constructor(room_id, how, reason) {
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
  constructor(limit) {
    super(`${limit} messages wait to be sent already: wait for some, or raise the option outbox`);
    this.name = "OutboxFull";
  }
}
/**
 * An earlier try of this send got no answer, and none can be had any more: whether the message is stored is unknown.
 * `cause` is why the last try failed.
 */
export class OutcomeUnknown extends Error {
  client_msg_id;
  constructor(client_msg_id, cause) {
    super(`whether the message is stored is unknown: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
    this.name = "OutcomeUnknown";
    this.client_msg_id = client_msg_id;
  }
}
/** A message is not as the `schema` of the room wants it. `messages({ after: error.msg_id })` goes on behind it. */
export class InvalidMessage extends Error {
  msg_id;
  /** What was sent. */
  msg;
  issues;
  constructor(msg_id, msg, issues) {
    super(`message ${msg_id} is invalid: ${issues[0]?.message ?? ""}`);
    this.name = "InvalidMessage";
    this.msg_id = msg_id;
    this.msg = msg;
    this.issues = issues;
  }
}
//# sourceMappingURL=errors.js.map
