import type { CommandData, EventData, JsonObject, StoredMessage } from "@roomlog/protocol";
import { abortable } from "./abortable.ts";
import type { CallOptions, Connection } from "./connection.ts";
import type { Gate } from "./gate.ts";
import { insist } from "./insist.ts";
import type { Message } from "./message.ts";
import { isOver, type Log } from "./messages.ts";
import type { Settings } from "./options.ts";

type Asked = CommandData<"media/room/msglog_replay">;
/** As it goes to the server. */
type How = { -readonly [K in keyof Asked]?: Asked[K] | undefined };

/** What is replayed, and how; times in µs since 1970 (M26). */
export type ReplayOptions = CallOptions & Readonly<Omit<How, "room_id">>;

/** What a replay needs of its room. */
export interface ReplayParts<T> {
  readonly room_id: string;
  readonly epoch: string;
  /** Open while the room is joined. */
  readonly gate: Gate<Connection>;
  readonly settings: Settings;
  /** Those that get the events of all replays of the room. */
  readonly replays: Set<Replay<T>>;
  readonly log: Pick<Log, "over">;
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
  readonly #signal: AbortSignal | undefined;
  /** Another object whenever it is to go on in another way. `until` is known from the first answer on: what is sent meanwhile does not belong to it. */
  #how: How;
  /** When `time` of that was; in milliseconds. */
  #since = performance.now();
  /** By what the server knows it, on this connection. */
  #id: number | undefined;
  #connection: Connection | undefined;
  /** What came since it was asked for; before the answer, that of other replays among it. */
  #queue: EventData[] = [];
  #hasMissed = false;
  #isOver = false;
  #woken = Promise.withResolvers<void>();
  /** Aborted when what is asked for is not wanted any more. */
  #asking = new AbortController();

  constructor(parts: ReplayParts<T>, { signal, ...how }: ReplayOptions) {
    this.#parts = parts;
    this.#signal = signal;
    this.#how = { epoch: parts.epoch, ...how };
  }

  /** How many times as fast as it happened, 0.25–16. */
  get rate(): number {
    return this.#how.rate ?? 1;
  }

  set rate(rate: number) {
    this.goOn({ rate });
  }

  get paused(): boolean {
    return this.#how.paused ?? false;
  }

  /** Where it is in the log, in µs since 1970; undefined until that is known. */
  get time(): number | undefined {
    const { time } = this.#how;
    if (time === undefined || this.paused) return time;
    return Math.floor(time + (performance.now() - this.#since) * 1000 * this.rate);
  }

  pause(): void {
    this.goOn({ paused: true });
  }

  resume(): void {
    this.goOn({ paused: false });
  }

  /** Goes on from another time, in µs since 1970. */
  seek(time: number): void {
    this.goOn({ time, from_time: time, after: 0 });
  }

  /** Ends it, and the iteration. */
  stop(): void {
    this.#isOver = true;
    this.goOn();
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

  /** @internal The server's replay is over, or ends; the iteration asks for another one, unless it is over or paused. */
  goOn(change: How = {}): void {
    this.#asking.abort();
    this.#endAt(this.#connection, this.#id);
    this.#how = { ...this.#how, time: this.time, ...change };
    this.#since = performance.now();
    this.#id = this.#connection = undefined;
    this.#queue = [];
    this.#hasMissed = false;
    this.#woken.resolve();
  }

  #endAt(connection?: Connection, replay = 0): void {
    const { room_id } = this.#parts;
    connection?.call("media/room/msglog_replay_stop", { room_id, replay }).catch(() => {});
  }

  async *#stored(): AsyncGenerator<StoredMessage, void> {
    const { replays, log } = this.#parts;
    replays.add(this);
    try {
      for (;;) {
        this.#signal?.throwIfAborted();
        const event = this.#id === undefined ? undefined : this.#queue.shift();
        if (event) {
          if (idIn(event) !== this.#id) continue;
          const message = event.body as StoredMessage;
          if (!message.msg_id) {
            if (message.reason === "done") return;
            throw new Error(`replay: ${message.reason}`);
          }
          this.#how.after = message.msg_id;
          yield message;
        } else if (this.#isOver) return;
        else if (log.over) return void isOver(log);
        else if (this.#hasMissed) this.goOn();
        else if (this.#id === undefined && !this.paused) await this.#open();
        else {
          await abortable(this.#woken.promise, this.#signal);
          this.#woken = Promise.withResolvers();
        }
      }
    } finally {
      replays.delete(this);
      this.stop();
    }
  }

  async #open(): Promise<void> {
    const { room_id, gate, settings } = this.#parts;
    const how = this.#how;
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const call = async (connection: Connection) => {
      this.#queue = [];
      const asked = { ...how, time: this.time, room_id } as Asked;
      const { replay, time, until } = await connection.call("media/room/msglog_replay", asked);
      if (connection.ended) return;
      this.#how.until = until;
      // Meanwhile it is to go on in another way.
      if (this.#how !== how) return this.#endAt(connection, replay);
      this.#connection = connection;
      this.#id = replay;
      how.time = time;
      this.#since = performance.now();
    };
    await abortable(insist({ gate, settings, signal, call }), this.#signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

/** The replay that an event of a room belongs to; undefined for what is not of one. A message may have a `replay` of its sender's. */
export function idIn({ type, body }: EventData): number | undefined {
  const { $log, replay } = (body ?? {}) as Partial<StoredMessage>;
  return type === "msglog_new_msg" ? $log?.replay : (replay as number | undefined);
}
