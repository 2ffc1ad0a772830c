import { ClientClosed } from "./errors.ts";
import { insist } from "./insist.ts";
import { Link } from "./link.ts";
import { Listeners } from "./listeners.ts";
import { withDefaults } from "./options.ts";
import { Room } from "./room.ts";

/** Commands that change nothing: they are repeated when their answer is lost. */
const reads = /\/(list|get|get_\w+|info|ping|msglog_(get|info|epochs))$/;
const ID_BYTES = 9;
/** A client that stays logged in: it connects again by itself, and its rooms, sends and iterators go on. */
export class Client {
  #settings;
  #link;
  #rooms = new Map();
  /** Rooms that were left, until the server knows. */
  #leaving = new Map();
  /** By what the server knows them by, with how often each was asked for. */
  #patterns = new Map();
  #events = new Listeners();
  #states = new Listeners();
  #id = randomName();
  #lastId = 0;
  /**
   * Resolves when it is logged in for the first time; it tries for so long as that takes. Rejects with what refuses it
   * for good: a `CallError` (100030: wrong credentials), a close of 4500–4999 or for too large a login (1009), an error of the token source, or the reason of `signal`.
   */
  static async connect(url, options = {}) {
    const client = new Client(String(url), options);
    void client.#link.run();
    try {
      await client.#link.gate.pass(options.signal);
      return client;
    } catch (error) {
      await client.close();
      throw error instanceof ClientClosed && error.cause ? error.cause : error;
    }
  }
  constructor(url, options) {
    this.#settings = withDefaults(options);
    if (options.onState) this.#states.add("*", options.onState);
    this.#link = new Link(url, this.#settings, {
      onState: (state) => this.#states.tell("*", state),
      onEvent: (event) => this.#take(event),
      onOpen: (connection) => this.#opened(connection),
      onLost: () => {
        for (const room of this.#rooms.values()) room.lost();
      },
      onClosed: (reason) => {
        for (const room of this.#rooms.values()) room.end(reason);
      },
    });
  }
  get state() {
    return this.#link.state;
  }
  /** Listens to the changes of `state`. Returns what ends it. */
  onState(listener) {
    return this.#states.add("*", listener);
  }
  /** Listens to the events of one `type`, or to all (`"*"`), of rooms too. Returns what ends it. */
  on(type, listener) {
    return this.#events.add(type, listener);
  }
  /**
   * Calls a command, `class/subclass/cmd`. While there is no connection it waits; `signal` ends the waiting. A command that
   * only reads is repeated until there is an answer; any other rejects with a `ConnectionLost` when the connection ends before its answer: its outcome is unknown.
   */
  async call(name, data, { signal } = {}) {
    const { gate } = this.#link;
    const call = (connection) => connection.call(name, data, { signal });
    if (reads.test(name)) return insist({ gate, settings: this.#settings, signal, call });
    return call(await gate.pass(signal));
  }
  /** Subscribes to events (E2), on each connection anew. Returns what ends it; of equal ones the last ends it for all. */
  async subscribe(pattern) {
    const drop = this.#keep(pattern);
    try {
      await this.call("core/event/subscribe", pattern);
    } catch (error) {
      drop();
      throw error;
    }
    return async () => {
      const { body, ...key } = pattern;
      if (drop()) await this.call("core/event/unsubscribe", key);
    };
  }
  /** Goes into a room, and again after each reconnect (R4). Rejects with a `CallError`; 304001: there is no such room. */
  async join(room_id, options = {}) {
    if (this.#rooms.has(room_id))
      throw new Error(`the room ${room_id} is joined already: use that one, or leave it first`);
    const room = new Room(
      {
        room_id,
        settings: this.#settings,
        gate: this.#link.gate,
        newId: () => `${this.#id}-${++this.#lastId}`,
        session_id: () => (this.state.kind === "open" ? this.state.session_id : undefined),
        left: this.#leaving.get(room_id),
        onOver: () => this.#rooms.delete(room_id),
        onLeaving: (left) => void this.#awaitLeave(room_id, left),
      },
      options,
    );
    this.#rooms.set(room_id, room);
    const { connection } = this.#link;
    if (connection) void room.enter(connection);
    return room.joined(options.signal).catch((error) => {
      // The server may have taken it in.
      if (options.signal?.aborted) void room.leave().catch(() => {});
      room.end(error);
      throw error;
    });
  }
  /** Closes the connection; what waits is rejected with a `ClientClosed`, iterators throw it. */
  close() {
    return this.#link.close();
  }
  async [Symbol.asyncDispose]() {
    await this.close();
  }
  #opened(connection) {
    for (const { pattern } of this.#patterns.values()) this.#subscribeOn(connection, pattern).catch(() => {});
    for (const room of this.#rooms.values()) void room.enter(connection);
  }
  /** Insists on this connection; on the next one it is subscribed anew. */
  #subscribeOn(connection, pattern) {
    const call = async (now) =>
      now === connection && this.#patterns.has(keyOf(pattern)) && now.call("core/event/subscribe", pattern);
    return insist({ gate: this.#link.gate, settings: this.#settings, call });
  }
  /** Returns what drops it, once; true when it was the last of its like. */
  #keep(pattern) {
    const key = keyOf(pattern);
    const add = (n) => {
      const count = (this.#patterns.get(key)?.count ?? 0) + n;
      if (count > 0) this.#patterns.set(key, { pattern, count });
      else this.#patterns.delete(key);
      return count === 0;
    };
    let isKept = true;
    add(1);
    return () => {
      const wasKept = isKept;
      isKept = false;
      return wasKept && add(-1);
    };
  }
  /** Who joins anew goes in behind it, also behind its repeats: else it would put him out again. */
  async #awaitLeave(room_id, left) {
    const all = Promise.allSettled([this.#leaving.get(room_id), left]);
    this.#leaving.set(room_id, all);
    await all;
    if (this.#leaving.get(room_id) === all) this.#leaving.delete(room_id);
  }
  #take(event) {
    if (event.class === "media" && event.subclass === "room" && event.service === undefined)
      this.#rooms.get(event.obj_id ?? "")?.take(event);
    this.#events.tell(event.type ?? "", event);
  }
}
function keyOf({ body, ...key }) {
  return JSON.stringify(Object.entries(key).sort());
}
/** Not by `randomUUID`, which a page has only over TLS or from this machine. */
function randomName() {
  const bytes = crypto.getRandomValues(new Uint8Array(ID_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
//# sourceMappingURL=client.js.map
