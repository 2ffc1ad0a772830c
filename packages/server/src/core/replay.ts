import type { Clock, Stop } from "./clock.ts";
import type { LogRun, LogSource, Most, Stretch, Subscriber } from "./delivery.ts";
import type { Excerpt, Fault, ReplayReader } from "./replay-reader.ts";
import type { Pace, ReplayTime } from "./replay-time.ts";
import type { OpenSession } from "./sessions.ts";

export interface ReplayParts {
  readonly id: number;
  /** Who asked for it: nobody else gets it. */
  readonly session: OpenSession;
  readonly excerpt: Excerpt;
  /** It begins behind this message. */
  readonly after: number;
  /** µs since 1970; where it begins. */
  readonly from_time: number;
  readonly time: ReplayTime;
  readonly reader: ReplayReader;
  readonly clock: Clock;
  /** It has ended by itself, or can not go on. */
  readonly onEnd: (reason: Reason) => void;
}

/** Why it has ended. */
export type Reason = "done" | Fault;

/** When a message comes. */
interface Due {
  readonly msg_id: number;
  readonly timestmap: number;
}

/** How many messages are looked ahead for, and what is read of them at most. */
const AHEAD: Most = { events: 256, bytes: 262_144 };

/** Timers can not be longer than 24 days. */
const LONGEST_MS = 3_600_000;

/**
 * A part of a log, sent to one connection in the rhythm in which it came about (M26). Of what comes next only ids and
 * times are kept, and one timer. What is due is a stretch of the log in a lane of its own: it is read when the
 * connection takes it, as it is then, so a slow client costs no memory, and nothing is sent that was deleted meanwhile.
 */
export class Replay implements LogSource {
  readonly #parts: ReplayParts;
  /** The lane of the connection's feed. */
  readonly #lane: string;
  /** How often somebody's rights in the room may have changed. */
  judgements = 0;
  #ahead: Due[] = [];
  #from_time: number;
  /** Up to where it was looked for messages. */
  #read_to = 0;
  #reading: object | undefined;
  /** Whether something that is due waits for the connection to take it. */
  #isWaiting = false;
  #timer: Stop | undefined;
  #over: Reason | "stopped" | undefined;

  constructor(parts: ReplayParts) {
    this.#parts = parts;
    this.#from_time = parts.from_time;
    this.#read_to = parts.after;
    this.#lane = replayLane(parts.id);
  }

  get id(): number {
    return this.#parts.id;
  }

  get session(): OpenSession {
    return this.#parts.session;
  }

  get excerpt(): Excerpt {
    return this.#parts.excerpt;
  }

  get pace(): Pace {
    return this.#parts.time.pace;
  }

  /** Goes on in another way, or from another place; nothing of the old place comes any more, while it is paused nothing at all. */
  set(change: Partial<Pace>): void {
    const { time } = this.#parts;
    time.set(change);
    const waiting = time.paused || change.time !== undefined ? this.#recall() : undefined;
    if (change.time !== undefined) this.#goTo(change.time, 0);
    else if (waiting !== undefined) this.#goTo(this.#from_time, waiting - 1);
    this.go();
  }

  /** Sends what is due, and waits for what comes next. */
  go(): void {
    const { time, clock, excerpt } = this.#parts;
    this.#timer?.();
    this.#timer = undefined;
    if (this.#over || time.paused || this.#reading) return;
    this.#send();
    const [next] = this.#ahead;
    if (next) {
      const ms = Math.min(time.msUntil(next.timestmap), LONGEST_MS);
      this.#timer = clock.after(ms, () => this.go());
    } else if (this.#read_to < excerpt.last_id)
      void this.#readOn().catch((error: unknown) => this.session.readFailed(error));
    // Until then it can be paused, and rights be taken away.
    else if (!this.#isWaiting) this.#parts.onEnd("done");
  }

  /** His rights in the room may have changed. */
  async judgeAnew(): Promise<void> {
    this.judgements += 1;
    if (!(await this.#parts.reader.mayRead(this)) && !this.#over) this.#parts.onEnd("not_allowed");
  }

  /** Nothing falls due any more. */
  stop(): void {
    this.#over ??= "stopped";
    this.#timer?.();
  }

  /** Ends it and says why. What waits is not for him. */
  end(reason: Reason): void {
    if (this.#over) return;
    this.#over = reason;
    this.#timer?.();
    this.#recall();
    this.session.deliver(this.#parts.reader.endFrame(this, reason), { lane: this.#lane });
  }

  isWanted(): boolean {
    return true;
  }

  sent(): void {
    this.#isWaiting = false;
    this.go();
  }

  async read(
    _subscriber: Subscriber,
    { from, to }: Stretch,
    { events, bytes }: Most,
  ): Promise<LogRun | undefined> {
    const { reader } = this.#parts;
    const found = await reader.read(this, { after: from - 1, before: to + 1, events, bytes });
    if (typeof found === "string") {
      this.#parts.onEnd(found);
      return undefined;
    }
    const frames = found.messages.map((message) => ({
      msg_id: message.msg_id,
      frame: reader.messageFrame(this, message),
    }));
    return { events: frames, read_to: found.read_to };
  }

  #send(): void {
    const { room_id, epoch } = this.excerpt;
    const { now } = this.#parts.time;
    const due = this.#ahead.filter(({ timestmap }) => timestmap <= now);
    const [first, last] = [due[0], due.at(-1)];
    if (!(first && last)) return;
    this.#ahead = this.#ahead.slice(due.length);
    this.#isWaiting = true;
    this.session.feed.follow(this.#lane, { log: this, room_id, epoch, from: first.msg_id, to: last.msg_id });
  }

  async #readOn(): Promise<void> {
    const reading = {};
    this.#reading = reading;
    const range = { after: this.#read_to, before: this.excerpt.last_id + 1, from_time: this.#from_time };
    const found = await this.#parts.reader.read(this, { ...range, ...AHEAD });
    if (this.#reading !== reading || this.#over) return;
    this.#reading = undefined;
    if (typeof found === "string") return this.#parts.onEnd(found);
    this.#ahead = found.messages.map(({ msg_id, timestmap }) => ({ msg_id, timestmap }));
    this.#read_to = found.read_to;
    this.go();
  }

  #goTo(from_time: number, read_to: number): void {
    this.#from_time = from_time;
    this.#read_to = read_to;
    this.#ahead = [];
    this.#reading = undefined;
  }

  #recall(): number | undefined {
    this.#isWaiting = false;
    return this.session.feed.recall(this.#lane);
  }
}

/** Not a lane of any room. */
export function replayLane(id: number): string {
  return `\u0000replay\u0000${id}`;
}
