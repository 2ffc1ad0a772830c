import type { WebhookSettings } from "./settings.ts";

const FIRST_RETRY_MS = 1000;

type Limits = Pick<WebhookSettings, "requests_at_once" | "max_retry_seconds">;

/** How long to rest after so many failures in a row, in milliseconds; `random` is from 0, below 1 (W3). */
export function backOff(failures: number, max_retry_seconds: number, random: number): number {
  const longest = Math.min(max_retry_seconds * 1000, FIRST_RETRY_MS * 2 ** (failures - 1));
  return longest * (1 - random / 2);
}

/** How many requests of a webhook may run (W3): a receiver that takes nothing is asked seldom, one at a time. */
export class Pace {
  readonly #limits: () => Limits;
  readonly #random: () => number;
  #failures = 0;
  #restUntil = Number.NEGATIVE_INFINITY;
  /** Until when the receiver asks for a rest: also when it takes something meanwhile. */
  #askedUntil = Number.NEGATIVE_INFINITY;

  constructor(limits: () => Limits, random: () => number) {
    this.#limits = limits;
    this.#random = random;
  }

  /** In a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether nothing gets through. */
  get isDown(): boolean {
    return this.#failures >= this.#limits().requests_at_once;
  }

  /** Milliseconds until the next request may begin; `now` is the monotonic time. */
  restsFor(now: number): number {
    return Math.max(0, this.#restUntil - now, this.#askedUntil - now);
  }

  /** Requests that may run side by side. */
  mayRun(now: number): number {
    if (this.restsFor(now) > 0) return 0;
    return this.isDown ? 1 : this.#limits().requests_at_once;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#restUntil = Number.NEGATIVE_INFINITY;
  }

  /** Begins anew, as with a receiver of which nothing is known. */
  reset(): void {
    this.succeeded();
    this.#askedUntil = Number.NEGATIVE_INFINITY;
  }

  /** `retry_after_ms` is what the receiver asks for. */
  failed(now: number, retry_after_ms: number): void {
    const { requests_at_once, max_retry_seconds } = this.#limits();
    this.#failures += 1;
    const beyond = this.#failures - requests_at_once + 1;
    const rest = beyond > 0 ? backOff(beyond, max_retry_seconds, this.#random()) : 0;
    this.#restUntil = Math.max(this.#restUntil, now + rest);
    this.#askedUntil = Math.max(this.#askedUntil, now + retry_after_ms);
  }
}
