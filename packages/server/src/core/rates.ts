import type { Clock } from "./clock.ts";

/** How much may be received in a second, and how much at once after a rest (Q2). */
interface Rate {
  readonly requests: number;
  readonly requests_burst: number;
  readonly bytes: number;
  readonly bytes_burst: number;
}

/** What a rate is for: a connection before and after login, all sessions of a user, all connections of an address. */
export type Scope = "login" | "connection" | "user" | "address";

export type Rates = { readonly [scope in Scope]: Rate };

/** Why something that was received is over a limit. */
export interface Excess {
  /** The setting, as in `limits.rates.user`. */
  readonly name: string;
  /** How many of them a second. */
  readonly limit: number;
  readonly retry_after_ms: number;
}

/**
 * What is left of a rate: it is spent by what is received and earned by time (monotonic, in milliseconds). Time is
 * looked at when too little is left, and once a second: a frame within the limits costs no look at the clock, and no
 * burst is larger by more than a second's earnings.
 */
export class Allowance {
  readonly #scope: Scope;
  readonly #requests: Bucket;
  readonly #bytes: Bucket;
  #at: number;

  constructor(scope: Scope, rates: Rates, now: number) {
    this.#scope = scope;
    this.#requests = { left: rates[scope].requests_burst, refused: 0 };
    this.#bytes = { left: rates[scope].bytes_burst, refused: 0 };
    this.#at = now;
  }

  /** Undefined when so much was left: whole requests, and some bytes, of which a frame may take more than there are. */
  spend(requests: number, bytes: number, rates: Rates, clock: Clock): Excess | undefined {
    if (this.#over(requests)) this.earn(rates, clock.monotonic());
    const over = this.#over(requests);
    if (over) return this.#refuse({ requests, bytes, over }, rates);
    this.#requests.left -= requests;
    this.#bytes.left -= bytes;
    this.#requests.refused = this.#bytes.refused = 0;
    return undefined;
  }

  earn(rates: Rates, now: number): void {
    const { requests, requests_burst, bytes, bytes_burst } = rates[this.#scope];
    const seconds = (now - this.#at) / 1000;
    this.#requests.left = Math.min(requests_burst, this.#requests.left + seconds * requests);
    this.#bytes.left = Math.min(bytes_burst, this.#bytes.left + seconds * bytes);
    this.#at = now;
  }

  /** Milliseconds until all that was refused since something was served could be served: by what was earned so far. */
  waitMs(rates: Rates): number {
    const { requests, bytes } = rates[this.#scope];
    return Math.max(msOf(this.#requests, requests), msOf(this.#bytes, bytes));
  }

  /** Whether it is as good as a new one. */
  isFull(rates: Rates): boolean {
    const { requests_burst, bytes_burst } = rates[this.#scope];
    return this.#requests.left >= requests_burst && this.#bytes.left >= bytes_burst;
  }

  #over(requests: number): "requests" | "bytes" | undefined {
    if (requests > this.#requests.left) return "requests";
    return this.#bytes.left <= 0 ? "bytes" : undefined;
  }

  #refuse({ requests, bytes, over }: Refused, rates: Rates): Excess {
    const rate = rates[this.#scope];
    this.#requests.refused = Math.min(rate.requests_burst, this.#requests.refused + requests);
    this.#bytes.refused = Math.min(rate.bytes_burst, this.#bytes.refused + bytes);
    const name = `limits.rates.${this.#scope}.${over}`;
    return { name, limit: rate[over], retry_after_ms: this.waitMs(rates) };
  }
}

interface Bucket {
  left: number;
  /** Since something was served; at most a burst. */
  refused: number;
}

interface Refused {
  readonly requests: number;
  readonly bytes: number;
  readonly over: "requests" | "bytes";
}

function msOf({ left, refused }: Bucket, perSecond: number): number {
  return refused > left ? Math.ceil(((refused - left) / perSecond) * 1000) : 0;
}

/** A user or an address: who has the name now, and the allowance they have together. */
export interface Shared {
  readonly name: string;
  holders: number;
  /** Of those, who has not logged in yet. */
  strangers: number;
  /** Undefined when nothing of it is used. */
  allowance: Allowance | undefined;
}

/** All users of a service, or all addresses. One that nobody holds is kept until its allowance is full again. */
export class Pool {
  readonly #all = new Map<string, Shared>();

  find(name: string): Shared | undefined {
    return this.#all.get(name);
  }

  hold(name: string): Shared {
    const shared = this.#all.get(name) ?? { name, holders: 0, strangers: 0, allowance: undefined };
    this.#all.set(name, shared);
    shared.holders += 1;
    return shared;
  }

  release(shared: Shared): void {
    shared.holders -= 1;
    this.#forget(shared);
  }

  /** Called about once a second. */
  sweep(rates: Rates, now: number): void {
    for (const shared of this.#all.values()) {
      shared.allowance?.earn(rates, now);
      if (shared.allowance?.isFull(rates)) shared.allowance = undefined;
      this.#forget(shared);
    }
  }

  #forget({ name, holders, allowance }: Shared): void {
    if (holders === 0 && !allowance) this.#all.delete(name);
  }
}
