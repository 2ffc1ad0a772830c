import { EventEmitter, on } from "node:events";
import { Connection } from "@roomlog/client";
import { type JsonObject, roomEvents, type StoredMessage } from "@roomlog/protocol";

const ROOM = "planning";

/** Somebody in the room: a connection, and a copy of the log as far as it is known here. */
export class Participant {
  readonly name: string;
  /** What has arrived or was read, in that order. */
  readonly log: StoredMessage[] = [];
  readonly #arrivals = new EventEmitter();
  readonly #inbox: AsyncIterator<[StoredMessage]>;
  #client: Connection | undefined;

  /** After the deadline no message is waited for any more. */
  constructor(name: string, deadline: AbortSignal) {
    this.name = name;
    this.#inbox = on(this.#arrivals, "message", { signal: deadline }) as AsyncIterator<[StoredMessage]>;
  }

  get isOnline(): boolean {
    return this.#client !== undefined;
  }

  /** The number of the newest message in the copy. */
  get lastId(): number {
    return this.log.at(-1)?.msg_id ?? 0;
  }

  async connect(url: string): Promise<void> {
    this.#client = await Connection.connect(url, {
      onEvent: ({ type, body }) => type === roomEvents.msglog_new_msg && this.#arrivals.emit("message", body),
    });
    await this.#online.call("core/user/login", { user: this.name });
  }

  async disconnect(): Promise<void> {
    await this.#client?.close();
    this.#client = undefined;
  }

  async createRoom(): Promise<void> {
    await this.#online.call("media/room/create", { class: "chat", room_id: ROOM });
  }

  /** From now on every new message of the room arrives by itself. */
  async listen(): Promise<void> {
    await this.#online.call("core/event/subscribe", { class: "media", subclass: "room", obj_id: ROOM });
  }

  async say(msg: JsonObject): Promise<void> {
    await this.#online.call("media/room/msglog_send", { room_id: ROOM, msg });
  }

  /** Takes the next message that arrives. */
  async receive(): Promise<StoredMessage> {
    const message = (await this.#inbox.next()).value[0];
    this.log.push(message);
    return message;
  }

  /** Reads what the log holds after the newest message in the copy. */
  async catchUp(): Promise<StoredMessage[]> {
    const missed = await this.#online.call("media/room/msglog_get", { room_id: ROOM, after: this.lastId });
    this.log.push(...missed);
    return missed;
  }

  get #online(): Connection {
    if (!this.#client) throw new Error(`${this.name} is not connected`);
    return this.#client;
  }
}
