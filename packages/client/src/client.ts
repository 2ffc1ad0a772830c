import {
  type CommandData,
  type CommandName,
  type CommandResult,
  type EventData,
  type JsonObject,
  readingCommands,
} from "@roomlog/protocol";
import type { CallOptions, Connection } from "./connection.ts";
import { ClientClosed } from "./errors.ts";
import { insist } from "./insist.ts";
import { Link } from "./link.ts";
import { Listeners, type Unsubscribe } from "./listeners.ts";
import { type ClientOptions, type Settings, withDefaults } from "./options.ts";
import { Room } from "./room.ts";
import type { JoinOptions } from "./room-options.ts";
import type { ClientState } from "./state.ts";

/** What a user has not read of a room (M20). */
export type Unread = CommandResult<"media/room/msglog_unread">[number];

type Pattern = CommandData<"core/event/subscribe">;

const ID_WORDS = 3;
/** Rooms of one question (M20). */
const UNREAD_ROOMS = 1000;

/** A client that stays logged in: it connects again by itself, and its rooms, sends and iterators go on. */
export class Client {
  readonly #settings: Settings;
  readonly #link: Link;
  readonly #rooms = new Map<string, Room<never>>();
  /** Rooms that were left, until the server knows. */
  readonly #leaving = new Map<string, Promise<unknown>>();
  /** By what the server knows them by, with how often each was asked for. */
  readonly #patterns = new Map<string, { readonly pattern: Pattern; readonly count: number }>();
  readonly #events = new Listeners<[EventData]>();
  readonly #states = new Listeners<[ClientState]>();
  /** Not by `randomUUID`, which a page has only over TLS or from this machine. */
  readonly #id = crypto.getRandomValues(new Uint32Array(ID_WORDS)).join("-");
  #lastId = 0;

  /**
   * Resolves when it is logged in for the first time; it tries for so long as that takes. Rejects with what refuses it
   * for good: a `CallError` (100030: wrong credentials), a close of 4501–4999 or for too large a login (1009, 4500), an error of the token source, or the reason of `signal`.
   */
  static async connect(url: string | URL, options: ClientOptions = {}): Promise<Client> {
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

  private constructor(url: string, options: ClientOptions) {
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

  get state(): ClientState {
    return this.#link.state;
  }

  /** Listens to the changes of `state`. Returns what ends it. */
  onState(listener: (state: ClientState) => void): Unsubscribe {
    return this.#states.add("*", listener);
  }

  /** Listens to the events of one `type`, or to all (`"*"`), of rooms too. Returns what ends it. */
  on(type: string, listener: (event: EventData) => void): Unsubscribe {
    return this.#events.add(type, listener);
  }

  /**
   * Calls a command, `class/subclass/cmd`. While there is no connection it waits; `signal` ends the waiting. A command that
   * only reads is repeated until there is an answer; any other rejects with a `ConnectionLost` when the connection ends before its answer: its outcome is unknown.
   */
  async call<N extends CommandName>(
    name: N,
    data: CommandData<N>,
    { signal }: CallOptions = {},
  ): Promise<CommandResult<N>> {
    const { gate } = this.#link;
    const call = (connection: Connection) => connection.call(name, data, { signal });
    if (readingCommands.has(name)) return insist({ gate, settings: this.#settings, signal, call });
    return call(await gate.pass(signal));
  }

  /** Subscribes to events (E2), on each connection anew. Returns what ends it; of equal ones the last ends it for all. */
  async subscribe(pattern: Pattern): Promise<() => Promise<void>> {
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
  async join<T = JsonObject>(room_id: string, options: JoinOptions<T> = {}): Promise<Room<T>> {
    if (this.#rooms.has(room_id))
      throw new Error(`the room ${room_id} is joined already: use that one, or leave it first`);
    const room = new Room<T>(
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
    this.#rooms.set(room_id, room as Room<never>);
    const { connection, gate } = this.#link;
    if (connection) void room.enter(connection);
    // A client that is closed opens no more.
    else gate.pass().catch((reason: Error) => room.end(reason));
    return room.joined(options.signal).catch((error: Error) => {
      // The server may have taken it in.
      if (options.signal?.aborted) void room.leave().catch(() => {});
      room.end(error);
      throw error;
    });
  }

  /**
   * M20: what this user has not read in these rooms, as far as there are such; without them in all rooms in which he has a mark, of
   * which it asks page by page.
   */
  async unread(rooms?: readonly string[], options: CallOptions = {}): Promise<Unread[]> {
    const all: Unread[] = [];
    for (let i = 0; rooms && i < rooms.length; i += UNREAD_ROOMS) {
      const some = rooms.slice(i, i + UNREAD_ROOMS);
      all.push(...(await this.call("media/room/msglog_unread", { rooms: some }, options)));
    }
    for (let after: string | undefined, more = !rooms; more; after = all.at(-1)?.room_id) {
      const page = await this.call("media/room/msglog_unread", { after }, options);
      all.push(...page);
      more = page.length > 0;
    }
    return all;
  }

  /** Closes the connection; what waits is rejected with a `ClientClosed`, iterators throw it. */
  close(): Promise<void> {
    return this.#link.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #opened(connection: Connection): void {
    for (const { pattern } of this.#patterns.values()) this.#subscribeOn(connection, pattern).catch(() => {});
    for (const room of this.#rooms.values()) void room.enter(connection);
  }

  /** Insists on this connection; on the next one it is subscribed anew. */
  #subscribeOn(connection: Connection, pattern: Pattern): Promise<unknown> {
    const call = async (now: Connection) =>
      now === connection && this.#patterns.has(keyOf(pattern)) && now.call("core/event/subscribe", pattern);
    return insist({ gate: this.#link.gate, settings: this.#settings, call });
  }

  /** Returns what drops it, once; true when it was the last of its like. */
  #keep(pattern: Pattern): () => boolean {
    const key = keyOf(pattern);
    const add = (n: number) => {
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
  async #awaitLeave(room_id: string, left: Promise<unknown>): Promise<void> {
    const all = Promise.allSettled([this.#leaving.get(room_id), left]);
    this.#leaving.set(room_id, all);
    await all;
    if (this.#leaving.get(room_id) === all) this.#leaving.delete(room_id);
  }

  #take(event: EventData): void {
    if (event.class === "media" && event.subclass === "room" && event.service === undefined)
      this.#rooms.get(event.obj_id ?? "")?.take(event);
    this.#events.tell(event.type ?? "", event);
  }
}

function keyOf({ body, ...key }: Pattern): string {
  return JSON.stringify(Object.entries(key).sort());
}
