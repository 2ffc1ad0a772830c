import type { Clock } from "./clock.ts";
import type { SessionLimits } from "./limits.ts";
import { Allowance, type Excess, type Shared } from "./rates.ts";

interface MeterParts {
  readonly clock: Clock;
  readonly limits: SessionLimits;
}

/** What one connection may still send: by its own rate, by that of its user, and by that of its address (Q2). */
export class Meter {
  readonly #parts: MeterParts;
  readonly #address: Shared;
  #user: Shared | undefined;
  #own: Allowance;
  /** How much more often something was refused than served. */
  #refused = 0;

  constructor(parts: MeterParts, address: Shared, user: Shared | undefined) {
    this.#parts = parts;
    this.#address = address;
    this.#user = user;
    this.#own = new Allowance(user ? "connection" : "login", parts.limits.rates, parts.clock.monotonic());
  }

  /** From now on the rates are those of the user's connections. */
  login(user: Shared): void {
    const { clock, limits } = this.#parts;
    this.#user = user;
    this.#own = new Allowance("connection", limits.rates, clock.monotonic());
  }

  /** Counts what was received. What is over a narrow limit does not count for the wider ones: others are not to suffer. */
  count(requests: number, bytes: number): Excess | undefined {
    const { clock, limits } = this.#parts;
    const excess =
      this.#own.spend(requests, bytes, limits.rates, clock) ??
      (this.#user && this.#sharedOf(this.#user, "user").spend(requests, bytes, limits.rates, clock)) ??
      this.#sharedOf(this.#address, "address").spend(requests, bytes, limits.rates, clock);
    if (excess) this.#refused += 1;
    else if (this.#refused > 0) this.#refused -= requests;
    return excess;
  }

  /** Whether more was refused than anybody needs who listens to what he is told (Q3). */
  get isTooMuch(): boolean {
    return this.#refused > this.#parts.limits.rate_refusals;
  }

  /** Milliseconds that nothing is to be read (Q3). */
  waitMs(): number {
    const { clock, limits } = this.#parts;
    const now = clock.monotonic();
    const waits = [this.#own, this.#user?.allowance, this.#address.allowance].map((allowance) => {
      allowance?.earn(limits.rates, now);
      return allowance?.waitMs(limits.rates) ?? 0;
    });
    return Math.max(...waits);
  }

  /** Called about once a second. */
  sweep(now: number): void {
    this.#own.earn(this.#parts.limits.rates, now);
  }

  #sharedOf(shared: Shared, scope: "user" | "address"): Allowance {
    const { clock, limits } = this.#parts;
    shared.allowance ??= new Allowance(scope, limits.rates, clock.monotonic());
    return shared.allowance;
  }
}
