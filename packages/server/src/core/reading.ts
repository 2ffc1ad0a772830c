import type { Connection } from "../transport/transport.ts";
import type { Clock, Stop } from "./clock.ts";
import type { Meter } from "./meter.ts";

export interface ReadingParts {
  /** Whether so much is unanswered that nothing more is read (F6). */
  isFull(): boolean;
  /** The client is listened to again. */
  resumed(): void;
}

/** Whether a connection is read from: not while too much of it is unanswered (F6), nor while it rests (Q3). */
export class Reading {
  readonly #clock: Clock;
  readonly #connection: Pick<Connection, "pause" | "resume">;
  readonly #parts: ReadingParts;
  #isStopped = false;
  /** Ends the rest that a connection over its rates has to take. */
  #endRest: Stop | undefined;

  constructor(clock: Clock, connection: Pick<Connection, "pause" | "resume">, parts: ReadingParts) {
    this.#clock = clock;
    this.#connection = connection;
    this.#parts = parts;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#connection.pause();
  }

  /** Goes on, if nothing is against it. */
  goOn(): void {
    if (!this.#isStopped || this.#endRest || this.#parts.isFull()) return;
    this.#isStopped = false;
    this.#parts.resumed();
    this.#connection.resume();
  }

  /** Does not go on before `meter` has earned what it refused. */
  rest(meter: Meter, ms: number): void {
    this.#endRest ??= this.#clock.after(ms, () => this.#rested(meter));
  }

  end(): void {
    this.#endRest?.();
  }

  /** What was refused behind the first one has made the rest longer. */
  #rested(meter: Meter): void {
    const ms = meter.waitMs();
    this.#endRest = ms > 0 ? this.#clock.after(ms, () => this.#rested(meter)) : undefined;
    this.goOn();
  }
}
