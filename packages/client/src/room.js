import { errorCodes } from "@roomlog/protocol";
import { delay, isTemporary } from "./again.ts";
import { ConnectionLost, isRefusal } from "./connection.ts";
import { InvalidMessage, RoomEnded, RoomLeft } from "./errors.ts";
import { Gate } from "./gate.ts";
import { history, PAGE } from "./history.ts";
import { insist, pause } from "./insist.ts";
import { Listeners } from "./listeners.ts";
import { checked } from "./message.ts";
import { follow } from "./messages.ts";
import { Outbox } from "./outbox.ts";
/** One life of a room that the client is in, and comes into again after each reconnect. */
export class Room {
  room_id;
  #parts;
  #options;
  /** Open while the room is joined. */
  #gate = new Gate();
  #listeners = new Listeners();
  #tails = new Set();
  #outbox;
  #ended = Promise.withResolvers();
  #members = new Map();
  #epoch;
  #tip = 0;
  #over;
  /** What came on this connection before the answer to the join; undefined when that is there. */
  #early = [];
  constructor(parts, options) {
    const { room_id, settings, newId } = parts;
    this.room_id = room_id;
    this.#parts = parts;
    this.#options = options;
    this.#outbox = new Outbox({ room_id, settings, newId, gate: this.#gate, epoch: () => this.#epoch });
  }
  /** The name of this life of the room (M12). */
  get epoch() {
    return this.#epoch ?? "";
  }
  /** Who is here, kept current; a new map after each change. */
  get members() {
    return this.#members;
  }
  /** The id of the newest message that is known. */
  get last_id() {
    return this.#tip;
  }
  /** Resolves with why when the room is over: a `RoomEnded`, a `RoomLeft`, a `ClientClosed` or the refusal of the server. */
  get ended() {
    return this.#ended.promise;
  }
  /**
   * Sends a message; resolves when it is durable. While there is no connection it waits, and it is sent again until
   * the server has said what became of it: it is stored once. Rejects with a `CallError` that is definite, an
   * `OutcomeUnknown`, an `OutboxFull`, a `ConnectionLost` with `isTooLarge`, or with why the room is over.
   */
  send(msg, options = {}) {
    return this.#outbox.send(msg, options);
  }
  /** R5: typing, hands, cursors. Goes to who is here now; resolves with false when there is no connection. */
  sendInfo(info, meta) {
    return this.#now((connection) =>
      connection.call("media/room/send_info", { room_id: this.room_id, info, meta }),
    );
  }
  /** R5: resolves with false when there is no connection. */
  setStatus(cls, data) {
    return this.#now((connection) =>
      connection.call("media/room/set_status", { room_id: this.room_id, class: cls, data }),
    );
  }
  /**
   * Every message behind `after`, once and in order, over reconnects and restarts of the server; it waits for new
   * ones. Ends when the room has ended or was left, throws when the user was put out. Each iterator is a cursor of its own.
   */
  messages(options = {}) {
    const { after = this.#tip, epoch = this.#epoch, signal, onDropped } = options;
    return this.#checked(follow(this.#log, { after, epoch, signal, onDropped }));
  }
  /** What is in the log, from either end: the newest first unless `order` says `asc`. */
  history(options = {}) {
    const { signal, epoch = this.#epoch } = options;
    const get = (query) => this.#get(query, this.#parts.gate, signal);
    return this.#checked(history(get, { ...options, epoch }));
  }
  /** Listens to one kind of event, `members` or what R and M name. Returns what ends it. */
  on(type, listener) {
    return this.#listeners.add(type, listener);
  }
  /** Leaves the room: iterators end, sends that wait are rejected. Resolves when the server knows. */
  async leave({ signal } = {}) {
    if (this.#over) return;
    const { room_id } = this;
    const { gate, settings } = this.#parts;
    this.end(new RoomLeft(room_id, "left"));
    const call = (connection) => connection.call("media/room/leave", { room_id });
    const left = insist({ gate, settings, signal, call }).catch((error) => {
      if (!isRefusal(error, errorCodes.member_not_found) && !isNoRoom(error)) throw error;
    });
    this.#parts.onLeaving(left);
    await left;
  }
  /** @internal Resolves when it is joined. */
  async joined(signal) {
    await this.#gate.pass(signal);
    return this;
  }
  /** @internal Joins, on a new connection. */
  async enter(connection) {
    const { settings, left } = this.#parts;
    if (left) await left;
    this.#early = [];
    for (let attempt = 0; !this.#over; ) {
      try {
        return this.#entered(connection, await this.#join(connection));
      } catch (error) {
        if (error instanceof ConnectionLost) return;
        if (!isTemporary(error)) return this.end(this.#reasonOf(error));
        await pause(delay(error, attempt++, settings), settings, this.#gate).catch(() => {});
      }
    }
  }
  /** @internal The connection is lost. */
  lost() {
    this.#gate.shut();
    this.#early = [];
  }
  /** @internal An event of this room. */
  take(event) {
    if (this.#over) return;
    if (this.#early) this.#early.push(event);
    else this.#happened(event);
  }
  /** @internal For good. */
  end(reason) {
    if (this.#over) return;
    this.#over = reason;
    this.#gate.wallUp(reason);
    this.#parts.onOver();
    this.#ended.resolve(reason);
    this.#wake();
  }
  async #join(connection) {
    const { room_id } = this;
    const { role, meta, create } = this.#options;
    const join = () => connection.call("media/room/join", { room_id, role, meta });
    if (!create || this.#epoch !== undefined) return join();
    return join().catch(async (error) => {
      if (!isNoRoom(error)) throw error;
      await connection.call("media/room/create", { ...create, room_id }).catch((error) => {
        if (!isRefusal(error, errorCodes.room_already_exists)) throw error;
      });
      return join();
    });
  }
  #entered(connection, { epoch = "", last_id = 0, members }) {
    if (this.#over || connection.ended) return;
    this.#epoch ??= epoch;
    if (epoch !== this.#epoch) return this.end(new RoomEnded(this.room_id));
    this.#members = new Map(Object.entries(members));
    this.#tip = Math.max(this.#tip, last_id);
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#gate.open(connection);
    for (const event of early) this.#happened(event);
    this.#listeners.tell("members", this.#members, undefined);
    this.#wake();
  }
  /** A room that is not there any more has ended while nobody looked, or is closed to this user. */
  #reasonOf(error) {
    return isNoRoom(error) && this.#epoch !== undefined ? new RoomEnded(this.room_id, error) : error;
  }
  #happened(event) {
    const { type = "", body = {} } = event;
    if (this.#over) return;
    if (type === "msglog_new_msg") this.#arrived(body);
    if (type === "msglog_dropped") this.#dropped(body);
    if (type === "started_member") this.#came(body);
    if (type === "stopped_member") this.#went(body);
    this.#listeners.tell(type, body, event);
    if (type === "destroyed") this.end(new RoomEnded(this.room_id));
    if (type === "kicked" || type === "banned") this.#putOut(type, body);
  }
  #arrived(message) {
    this.#tip = Math.max(this.#tip, message.msg_id);
    for (const tail of this.#tails) tail.live(message);
    this.#wake();
  }
  #dropped({ epoch, first_id }) {
    if (epoch === this.#epoch) this.#tip = Math.max(this.#tip, first_id - 1);
    this.#wake();
  }
  #came({ session_id, ...member }) {
    this.#changeMembers((members) => members.set(session_id, member));
  }
  #went({ session_id }) {
    this.#changeMembers((members) => members.delete(session_id));
    if (session_id === this.#parts.session_id()) this.end(new RoomLeft(this.room_id, "removed"));
  }
  #changeMembers(change) {
    this.#members = new Map(this.#members);
    change(this.#members);
    this.#listeners.tell("members", this.#members, undefined);
  }
  #putOut(how, { user_id, reason }) {
    const own = this.#members.get(this.#parts.session_id() ?? "");
    if (own?.user_id === user_id) this.end(new RoomLeft(this.room_id, how, reason));
  }
  #wake() {
    for (const tail of this.#tails) tail.wake();
  }
  async #now(call) {
    if (this.#over) throw this.#over;
    if (this.#early) return false;
    try {
      await call(await this.#gate.pass());
      return true;
    } catch (error) {
      if (error instanceof ConnectionLost) return false;
      throw error;
    }
  }
  #get(query, gate, signal) {
    const { room_id } = this;
    const { settings } = this.#parts;
    const call = (connection) => connection.call("media/room/msglog_get", { room_id, ...query });
    return insist({ gate, settings, signal, call });
  }
  /** What is read of this life is read while the room is joined, so that what comes live follows it without a hole. */
  get #log() {
    const room = this;
    const gateOf = (epoch) => (epoch === room.#epoch && !room.#over ? room.#gate : room.#parts.gate);
    return {
      get epoch() {
        return room.#epoch;
      },
      get tip() {
        return room.#tip;
      },
      get over() {
        return room.#over;
      },
      attach(tail) {
        room.#tails.add(tail);
        return () => room.#tails.delete(tail);
      },
      page: (after, epoch, signal) =>
        room.#get({ after, limit: PAGE, ...(epoch && { epoch }) }, gateOf(epoch), signal),
      async newest(signal) {
        const [message] = await room.#get({ order: "desc", limit: 1 }, room.#gate, signal);
        return message?.msg_id ?? room.#tip;
      },
    };
  }
  async *#checked(messages) {
    const { schema, onInvalid } = this.#options;
    for await (const stored of messages) {
      try {
        yield await checked(stored, schema);
      } catch (error) {
        if (!(error instanceof InvalidMessage && onInvalid === "skip")) throw error;
      }
    }
  }
}
function isNoRoom(error) {
  return isRefusal(error, errorCodes.room_not_found);
}
//# sourceMappingURL=room.js.map
