import { AuthenticatorBusy } from "./auth.ts";

export interface TurnstileLimits {
  /** Tasks that run side by side. */
  readonly running: number;
  /** Tasks that may wait for their turn. */
  readonly waiting: number;
  /** How many of those may come from one address. */
  readonly waiting_per_address: number;
  /** What those beyond are told, in milliseconds. */
  readonly retry_after_ms: number;
}

/** Lets in so many tasks at once, keeps some waiting in their order, and turns away the rest. */
export class Turnstile {
  readonly #limits: TurnstileLimits;
  readonly #waiting: { readonly address: string | undefined; readonly begin: () => void }[] = [];
  #running = 0;

  constructor(limits: TurnstileLimits) {
    this.#limits = limits;
  }

  /** Throws `AuthenticatorBusy` when too many wait already, in all or from this address. */
  async run<Result>(address: string | undefined, task: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#limits.running) this.#running += 1;
    else await this.#turn(address);
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  #turn(address: string | undefined): Promise<void> {
    const { waiting, waiting_per_address, retry_after_ms } = this.#limits;
    const own = this.#waiting.filter((one) => one.address === address);
    if (this.#waiting.length >= waiting || own.length >= waiting_per_address)
      throw new AuthenticatorBusy("too many logins wait", retry_after_ms);
    return new Promise((begin) => this.#waiting.push({ address, begin }));
  }

  /** Who waits longest takes the place over. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next.begin();
    else this.#running -= 1;
  }
}
