import {
  type CommandData,
  type CommandResult,
  type EventData,
  errorCodes,
  type Filter,
  type JsonObject,
  type StoredMessage,
} from "@roomlog/protocol";
import { delay, isTemporary } from "./again.ts";
import { type CallOptions, type Connection, ConnectionLost, isRefusal } from "./connection.ts";
import { InvalidMessage, RoomEnded, RoomLeft } from "./errors.ts";
import { Gate } from "./gate.ts";
import { type HistoryOptions, history, PAGE } from "./history.ts";
import { insist, pause } from "./insist.ts";
import { Listeners, type Unsubscribe } from "./listeners.ts";
import { checked, type Message } from "./message.ts";
import { type AskText, type Follows, follow, type Log, wanting } from "./messages.ts";
import { type DeleteOptions, type MessageOptions, Outbox, type SendOptions, type Sent } from "./outbox.ts";
import { idIn, Replay, type ReplayOptions } from "./replay.ts";
import type { Member, Members, RoomEvents } from "./room-events.ts";
import type { JoinOptions, MessagesOptions, RoomParts } from "./room-options.ts";
import type { Tail } from "./tail.ts";

type Joined = CommandResult<"media/room/join">;
type Query = CommandData<"media/room/msglog_get">;

/** What the answer to a join knows already when it was told before. */
const OF_MEMBERS = /_member$|^kicked$|^banned$/;

/** One life of a room that the client is in, and comes into again after each reconnect. */
export class Room<T = JsonObject> {
  readonly room_id: string;
  readonly #parts: RoomParts;
  readonly #options: JoinOptions<T>;
  readonly #isWanted: (message: StoredMessage) => boolean;
  /** Open while the room is joined. */
  readonly #gate = new Gate<Connection>();
  readonly #listeners = new Listeners<[body: never, event: EventData | undefined]>();
  readonly #tails = new Set<Pick<Tail, "live" | "wake">>();
  readonly #replays = new Set<Replay<T>>();
  readonly #outbox: Outbox;
  readonly #ended = Promise.withResolvers<Error>();
  #members = new Map<string, Member>();
  #epoch: string | undefined;
  #tip = 0;
  #over: Error | undefined;
  /** What came on this connection before the answer to the join; undefined when that is there. */
  #early: EventData[] | undefined = [];

  constructor(parts: RoomParts, options: JoinOptions<T>) {
    const { room_id, settings, newId } = parts;
    this.room_id = room_id;
    this.#parts = parts;
    this.#options = options;
    this.#isWanted = wanting(options.where);
    this.#outbox = new Outbox({ room_id, settings, newId, gate: this.#gate, epoch: () => this.#epoch });
  }

  /** The name of this life of the room (M12). */
  get epoch(): string {
    return this.#epoch ?? "";
  }

  /** Who is here, kept current; a new map after each change. */
  get members(): Members {
    return this.#members;
  }

  /** The id of the newest message that is known. */
  get last_id(): number {
    return this.#tip;
  }

  /** Resolves with why when the room is over: a `RoomEnded`, a `RoomLeft`, a `ClientClosed` or the refusal of the server. */
  get ended(): Promise<Error> {
    return this.#ended.promise;
  }

  /**
   * Sends a message; resolves when it is durable. While there is no connection it waits, and it is sent again until
   * the server has said what became of it: it is stored once. Rejects with a `CallError` that is definite, an
   * `OutcomeUnknown`, an `OutboxFull`, a `ConnectionLost` with `isTooLarge`, or with why the room is over.
   */
  send(msg: T & object, { ref, mentions, ...options }: MessageOptions = {}): Promise<Sent> {
    return this.#outbox.put(
      { command: "media/room/msglog_send", data: { msg: msg as JsonObject, ref, mentions } },
      options,
    );
  }

  /** Gives a message another body (M15). The edit has an id of its own; it waits and is repeated as a send is. */
  edit(msg_id: number, msg: T & object, options: SendOptions = {}): Promise<Sent> {
    const data = { msg_id, msg: msg as JsonObject };
    return this.#outbox.put({ command: "media/room/msglog_edit", data }, options);
  }

  /** Takes a message away (M15). */
  delete(msg_id: number, { reason, ...options }: DeleteOptions = {}): Promise<Sent> {
    return this.#outbox.put({ command: "media/room/msglog_delete", data: { msg_id, reason } }, options);
  }

  /**
   * M19: this user has read the room up to a message. Never goes back; resolves when it is durable, over reconnects. Rejects
   * with a `CallError`, or with why the room is over.
   */
  async mark(msg_id: number, { signal }: CallOptions = {}): Promise<void> {
    const { room_id } = this;
    await this.#insist(this.#gate, signal, (connection) =>
      connection.call("media/room/msglog_mark", { room_id, msg_id, epoch: this.epoch }),
    );
  }

  /** R5: typing, hands, cursors. Goes to who is here now; resolves with false when there is no connection. */
  sendInfo(info: string, meta?: JsonObject): Promise<boolean> {
    return this.#now((connection) =>
      connection.call("media/room/send_info", { room_id: this.room_id, info, meta }),
    );
  }

  /** R5: resolves with false when there is no connection. */
  setStatus(cls: string, data: JsonObject): Promise<boolean> {
    return this.#now((connection) =>
      connection.call("media/room/set_status", { room_id: this.room_id, class: cls, data }),
    );
  }

  /**
   * Every message behind `after`, once and in order, over reconnects and restarts of the server; it waits for new
   * ones. Ends when the room has ended or was left, throws when the user was put out. Each iterator is a cursor of its own.
   */
  messages(options: MessagesOptions = {}): AsyncGenerator<Message<T>, void> {
    const { after = this.#tip, epoch = this.#epoch, signal, onDropped } = options;
    const where = this.#where(options.where);
    return this.#checked(follow(this.#log, { after, epoch, signal, where, onDropped }));
  }

  /** What is in the log, from either end: the newest first unless `order` says `asc`. */
  history(options: HistoryOptions = {}): AsyncGenerator<Message<T>, void> {
    const { signal, epoch = this.#epoch } = options;
    const get = (query: Omit<Query, "room_id">) => this.#get(query, this.#parts.gate, signal);
    return this.#checked(history(get, { ...options, epoch, where: this.#where(options.where) }));
  }

  /** What is in the log, in the rhythm in which it was sent (M26); nothing of it is in `messages` or told to listeners. */
  replay(options: ReplayOptions = {}): Replay<T> {
    const parts = {
      room_id: this.room_id,
      epoch: this.epoch,
      gate: this.#gate,
      settings: this.#parts.settings,
      replays: this.#replays,
      log: this.#log,
      checked: (messages: AsyncGenerator<StoredMessage, void>) => this.#checked(messages),
    };
    return new Replay(parts, { ...options, where: this.#where(options.where) });
  }

  /** Listens to one kind of event, `members` or what R and M name. Returns what ends it. */
  on<K extends keyof RoomEvents>(type: K, listener: (body: RoomEvents[K]) => void): Unsubscribe {
    return this.#listeners.add(type, listener);
  }

  /** Leaves the room: iterators end, sends that wait are rejected. Resolves when the server knows. */
  async leave({ signal }: CallOptions = {}): Promise<void> {
    if (this.#over) return;
    const { room_id } = this;
    const { gate } = this.#parts;
    this.end(new RoomLeft(room_id, "left"));
    const leave = (connection: Connection) => connection.call("media/room/leave", { room_id });
    const left = this.#insist(gate, signal, leave).catch((error: unknown) => {
      if (!isRefusal(error, errorCodes.member_not_found) && !isNoRoom(error)) throw error;
    });
    this.#parts.onLeaving(left);
    await left;
  }

  /** @internal The messages of this log as `reading` reads it; see `checked.ts`. */
  followed(
    reading: (log: Log, ask: AskText) => Log,
    options: Omit<Follows, "where">,
  ): AsyncGenerator<Message<T>, void> {
    const { room_id } = this;
    const { gate } = this.#parts;
    const ask: AskText = (name, data, signal) => {
      const text = JSON.stringify({ room_id, ...data });
      return this.#insist(gate, signal, (connection) => connection.callText(name, text));
    };
    return this.#checked(follow(reading(this.#log, ask), { ...options, where: this.#options.where }));
  }

  /** @internal Resolves when it is joined. */
  async joined(signal?: AbortSignal): Promise<this> {
    await this.#gate.pass(signal);
    return this;
  }

  /** @internal Joins, on a new connection. */
  async enter(connection: Connection): Promise<void> {
    const { settings, left } = this.#parts;
    if (left) await left;
    this.#early = [];
    for (let attempt = 0; !this.#over; ) {
      try {
        return this.#entered(connection, await this.#join(connection));
      } catch (error) {
        if (error instanceof ConnectionLost && !error.isTooLarge) return;
        if (!isTemporary(error)) return this.end(this.#reasonOf(error as Error));
        await pause(delay(error, attempt++, settings), settings, this.#gate).catch(() => {});
      }
    }
  }

  /** @internal The connection is lost. */
  lost(): void {
    this.#gate.shut();
    this.#early = [];
    for (const replay of this.#replays) replay.goOn();
  }

  /** @internal An event of this room. */
  take(event: EventData): void {
    if (this.#over) return;
    if (idIn(event) !== undefined) for (const replay of this.#replays) replay.take(event);
    else if (this.#early) this.#early.push(event);
    else this.#happened(event);
  }

  /** @internal For good. */
  end(reason: Error): void {
    if (this.#over) return;
    this.#over = reason;
    this.#gate.wallUp(reason);
    this.#parts.onOver();
    this.#ended.resolve(reason);
    for (const replay of this.#replays) replay.goOn();
    this.#wake();
  }

  async #join(connection: Connection): Promise<Joined> {
    const { room_id } = this;
    const { role, meta, create, where } = this.#options;
    const answered = () => {
      this.#early = this.#early?.filter(({ type = "" }) => !OF_MEMBERS.test(type));
    };
    const join = () => connection.call("media/room/join", { room_id, role, meta, where }, {}, answered);
    if (!create || this.#epoch !== undefined) return join();
    return join().catch(async (error: unknown) => {
      if (!isNoRoom(error)) throw error;
      await connection.call("media/room/create", { ...create, room_id }).catch((error: unknown) => {
        if (!isRefusal(error, errorCodes.room_already_exists)) throw error;
      });
      return join();
    });
  }

  #entered(connection: Connection, { epoch = "", last_id = 0, members }: Joined): void {
    if (this.#over || connection.ended) return;
    this.#epoch ??= epoch;
    if (epoch !== this.#epoch) return this.end(new RoomEnded(this.room_id));
    this.#members = new Map(Object.entries(members) as [string, Member][]);
    if (!this.#own) return this.end(new RoomLeft(this.room_id, "removed"));
    this.#tip = Math.max(this.#tip, last_id);
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#gate.open(connection);
    for (const event of early) this.#happened(event);
    this.#listeners.tell("members", this.#members as never, undefined);
    this.#wake();
  }

  /** A room that is not there any more has ended while nobody looked, or is closed to this user. */
  #reasonOf(error: Error): Error {
    return isNoRoom(error) && this.#epoch !== undefined ? new RoomEnded(this.room_id, error) : error;
  }

  #happened(event: EventData): void {
    const { type = "", body = {} } = event;
    if (this.#over) return;
    if (type === "msglog_new_msg") {
      // What came before it was joined, as by another subscription, came as it is.
      if (!this.#isWanted(body as StoredMessage)) return;
      this.#arrived(body as StoredMessage);
    }
    if (type === "msglog_dropped") this.#dropped(body as RoomEvents["msglog_dropped"]);
    if (type === "started_member") this.#came(body as RoomEvents["started_member"]);
    if (type === "stopped_member") this.#went(body as RoomEvents["stopped_member"]);
    this.#listeners.tell(type, body as never, event);
    if (type === "destroyed") this.end(new RoomEnded(this.room_id));
    if (type === "kicked" || type === "banned") this.#putOut(type, body as RoomEvents["kicked"]);
  }

  #arrived(message: StoredMessage): void {
    const since = this.#options.where ? this.#tip : message.msg_id - 1;
    this.#tip = Math.max(this.#tip, message.msg_id);
    for (const tail of this.#tails) tail.live(message, since);
    this.#wake();
  }

  #dropped({ epoch, first_id }: RoomEvents["msglog_dropped"]): void {
    if (epoch === this.#epoch) this.#tip = Math.max(this.#tip, first_id - 1);
    this.#wake();
  }

  #came({ session_id, ...member }: RoomEvents["started_member"]): void {
    this.#changeMembers((members) => members.set(session_id, member));
  }

  #went({ session_id }: RoomEvents["stopped_member"]): void {
    this.#changeMembers((members) => members.delete(session_id));
    if (session_id === this.#parts.session_id()) this.end(new RoomLeft(this.room_id, "removed"));
  }

  #changeMembers(change: (members: Map<string, Member>) => void): void {
    this.#members = new Map(this.#members);
    change(this.#members);
    this.#listeners.tell("members", this.#members as never, undefined);
  }

  get #own(): Member | undefined {
    return this.#members.get(this.#parts.session_id() ?? "");
  }

  #putOut(how: "kicked" | "banned", { user_id, reason }: RoomEvents["kicked"]): void {
    if (this.#own?.user_id === user_id) this.end(new RoomLeft(this.room_id, how, reason));
  }

  #wake(): void {
    for (const tail of this.#tails) tail.wake();
  }

  /** A filter beside that of the room. */
  #where(more: Filter | undefined): Filter | undefined {
    const { where } = this.#options;
    return where && more ? { and: [where, more] } : (where ?? more);
  }

  async #now(call: (connection: Connection) => Promise<unknown>): Promise<boolean> {
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

  #insist<R>(
    gate: Gate<Connection>,
    signal: AbortSignal | undefined,
    call: (connection: Connection) => Promise<R>,
  ): Promise<R> {
    return insist({ gate, settings: this.#parts.settings, signal, call });
  }

  #get(query: Omit<Query, "room_id">, gate: Gate<Connection>, signal?: AbortSignal) {
    const { room_id } = this;
    return this.#insist(gate, signal, (connection) => {
      return connection.call("media/room/msglog_get", { room_id, ...query }) as Promise<StoredMessage[]>;
    });
  }

  /** What is read of this life is read while the room is joined, so that what comes live follows it without a hole. */
  get #log(): Log {
    const room = this;
    const gateOf = (epoch: string | undefined) =>
      epoch === room.#epoch && !room.#over ? room.#gate : room.#parts.gate;
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
      page: (query, signal) => room.#get({ ...query, limit: PAGE }, gateOf(query.epoch), signal),
      async newest(signal) {
        const [message] = await room.#get({ order: "desc", limit: 1 }, room.#gate, signal);
        return message?.msg_id ?? room.#tip;
      },
    };
  }

  async *#checked(messages: AsyncGenerator<StoredMessage, void>): AsyncGenerator<Message<T>, void> {
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

function isNoRoom(error: unknown): boolean {
  return isRefusal(error, errorCodes.room_not_found);
}
