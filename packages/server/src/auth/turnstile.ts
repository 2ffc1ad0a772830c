import { AuthenticatorBusy } from "./auth.ts";

export interface TurnstileLimits {
  /** Tasks that run side by side. */
  readonly running: number;
  /** Tasks that may wait for their turn. */
  readonly waiting: number;
  /** What those beyond are told, in milliseconds. */
  readonly retry_after_ms: number;
}

/** Lets in so many tasks at once, keeps some waiting in their order, and turns away the rest. */
export class Turnstile {
  readonly #limits: TurnstileLimits;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limits: TurnstileLimits) {
    this.#limits = limits;
  }

  /** Throws `AuthenticatorBusy` when too many wait already. */
  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#limits.running) this.#running += 1;
    else await this.#turn();
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  #turn(): Promise<void> {
    const { waiting, retry_after_ms } = this.#limits;
    if (this.#waiting.length >= waiting) throw new AuthenticatorBusy("too many logins wait", retry_after_ms);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Who waits longest takes the place over. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }
}
