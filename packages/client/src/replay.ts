import type { CommandData, EventData, JsonObject, StoredMessage } from "@roomlog/protocol";
import { abortable } from "./abortable.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { type Message, timeOf } from "./message.ts";

type Asked = Omit<CommandData<"media/room/msglog_replay">, "room_id" | "time">;

/** What is replayed, and how; times in µs since 1970 (M26). */
export type ReplayOptions = CallOptions & { readonly [K in keyof Asked]?: Asked[K] | undefined };

/** What a replay needs of its room. */
export interface ReplayParts<T> {
  readonly room_id: string;
  readonly epoch: string;
  /** Calls over as many connections as it takes. */
  insist<A>(call: (connection: Connection) => Promise<A>): Promise<A>;
  /** Gives it the events of all replays of the room, until what this gives back is called. */
  attach(replay: Replay<T>): () => void;
  /** Whether the room is over; throws when that is an error. */
  isOver(): boolean;
  checked(messages: AsyncGenerator<StoredMessage, void>): AsyncGenerator<Message<T>, void>;
}

/** Most events that wait for the iterator; what comes then is asked for again when it is ready. */
const MOST_WAITING = 1024;

/**
 * Stored messages, in the rhythm in which they were sent (M26). It begins with the iteration, goes on over lost connections, and
 * ends with the part that is replayed, with the iteration, and with the room. To go on in another way it is asked for anew
 * from the last message on, so nothing of the old place or pace is given any more.
 */
export class Replay<T = JsonObject> implements AsyncIterable<Message<T>> {
  readonly #parts: ReplayParts<T>;
  readonly #options: ReplayOptions;
  /** By what the server knows it, on this connection. */
  #id: number | undefined;
  #connection: Connection | undefined;
  /** What came since it was asked for; before the answer, that of other replays among it. */
  #queue: EventData[] = [];
  #hasMissed = false;
  /** The last message that was given. */
  #last = 0;
  #from_time: number | undefined;
  /** Known from the first answer on: what is sent meanwhile does not belong to it. */
  #until: number | undefined;
  #rate: number;
  #paused: boolean;
  #time: number | undefined;
  #since = 0;
  /** How often it was to go on in another way. */
  #ways = 0;
  #isOver = false;
  #woken = Promise.withResolvers<void>();

  constructor(parts: ReplayParts<T>, options: ReplayOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#from_time = options.from_time;
    this.#until = options.until;
    this.#rate = options.rate ?? 1;
    this.#paused = options.paused ?? false;
  }

  /** How many times as fast as it happened, 0.25–16. */
  get rate(): number {
    return this.#rate;
  }

  set rate(rate: number) {
    this.#goOn(this.time);
    this.#rate = rate;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Where it is in the log, in µs since 1970; undefined until that is known. */
  get time(): number | undefined {
    if (this.#time === undefined || this.#paused) return this.#time;
    return Math.floor(this.#time + (performance.now() - this.#since) * 1000 * this.#rate);
  }

  pause(): void {
    this.#goOn(this.time);
    this.#paused = true;
  }

  resume(): void {
    this.#goOn(this.time);
    this.#paused = false;
  }

  /** Goes on from another time, in µs since 1970. */
  seek(time: number): void {
    this.#goOn(time);
    this.#from_time = time;
    this.#last = 0;
  }

  /** Ends it, and the iteration. */
  stop(): void {
    this.#isOver = true;
    this.#goOn(this.time);
  }

  [Symbol.asyncIterator](): AsyncGenerator<Message<T>, void> {
    return this.#parts.checked(this.#stored());
  }

  /** @internal An event of a replay of this room. */
  take(event: EventData): void {
    if (this.#id !== undefined && idIn(event) !== this.#id) return;
    if (this.#queue.length < MOST_WAITING) this.#queue.push(event);
    else this.#hasMissed = true;
    this.#woken.resolve();
  }

  /** @internal The connection is lost, or the room. */
  lost(): void {
    this.#id = this.#connection = undefined;
    this.#queue = [];
    this.#hasMissed = false;
    this.#woken.resolve();
  }

  async *#stored(): AsyncGenerator<StoredMessage, void> {
    const { signal } = this.#options;
    const detach = this.#parts.attach(this);
    try {
      for (;;) {
        signal?.throwIfAborted();
        const event = this.#id === undefined ? undefined : this.#queue.shift();
        if (event) {
          if (idIn(event) !== this.#id) continue;
          const message = event.body as StoredMessage;
          const { reason } = message;
          if (event.type === ENDED) {
            if (reason === "done") return;
            throw new Error(`replay: ${reason}`);
          }
          if (message.msg_id <= this.#last) continue;
          this.#last = message.msg_id;
          this.#from_time = timeOf(message);
          yield message;
        } else if (this.#isOver || this.#parts.isOver()) return;
        else if (this.#hasMissed) this.#goOn(this.time);
        else if (this.#id === undefined && !this.#paused)
          await this.#open().catch((error: unknown) => {
            if (!this.#parts.isOver()) throw error;
          });
        else {
          await abortable(this.#woken.promise, signal);
          this.#woken = Promise.withResolvers();
        }
      }
    } finally {
      detach();
      this.stop();
    }
  }

  async #open(): Promise<void> {
    const { signal: _, ...options } = this.#options;
    const { room_id, epoch, insist } = this.#parts;
    const ways = this.#ways;
    await insist(async (connection) => {
      this.#queue = [];
      const how = { time: this.time, rate: this.#rate, paused: false };
      const what = { epoch, ...options, room_id, from_time: this.#from_time, until: this.#until };
      const call = { ...what, ...how } as Asked & { readonly room_id: string };
      const { replay, time, until } = await connection.call("media/room/msglog_replay", call);
      if (connection.ended) return;
      this.#connection = connection;
      this.#id = replay;
      this.#until = until;
      // Meanwhile it is to go on in another way.
      if (this.#ways !== ways) return this.#goOn(this.time);
      this.#time = time;
      this.#since = performance.now();
    });
  }

  /** The server's replay ends; the iteration asks for another one, from this time on, unless it is over or paused. */
  #goOn(time: number | undefined): void {
    const [connection, replay] = [this.#connection, this.#id];
    this.#ways += 1;
    this.#time = time;
    this.#since = performance.now();
    this.lost();
    if (connection && replay !== undefined)
      connection
        .call("media/room/msglog_replay_stop", { room_id: this.#parts.room_id, replay })
        .catch(() => {});
  }
}

const ENDED = "msglog_replay_ended";

/** The replay that an event of a room belongs to; undefined for what is not of one. */
export function idIn({ type, body }: EventData): number | undefined {
  if (type === "msglog_new_msg") return (body as StoredMessage).$log?.replay;
  return type === ENDED ? (body as { readonly replay: number }).replay : undefined;
}
