import type { Clock } from "./clock.ts";

/** Where a replay stands, and how fast it goes. */
export interface Pace {
  /** In the log that is replayed; µs since 1970. */
  readonly time: number;
  /** How many times as fast as it happened. */
  readonly rate: number;
  readonly paused: boolean;
}

/** The time in a log that is replayed: it passes `rate` times as fast as the clock, or not at all (M26). */
export class ReplayTime {
  readonly #clock: Clock;
  #pace: Pace;
  /** When the pace began, in monotonic milliseconds. */
  #since: number;

  constructor(clock: Clock, pace: Pace) {
    this.#clock = clock;
    this.#pace = pace;
    this.#since = clock.monotonic();
  }

  get now(): number {
    const { time, rate, paused } = this.#pace;
    return paused ? time : time + (this.#clock.monotonic() - this.#since) * 1000 * rate;
  }

  get paused(): boolean {
    return this.#pace.paused;
  }

  /** As clients see it. */
  get pace(): Pace {
    return { ...this.#pace, time: Math.floor(this.now) };
  }

  /** Goes on from here in another way; what is left out stays. */
  set({ time = this.now, rate = this.#pace.rate, paused = this.#pace.paused }: Partial<Pace>): void {
    this.#pace = { time, rate, paused };
    this.#since = this.#clock.monotonic();
  }

  /** Real milliseconds until then; whole ones, so that a timer does not end too early. */
  msUntil(time: number): number {
    return Math.max(0, Math.ceil((time - this.now) / 1000 / this.#pace.rate));
  }
}
