import { errorText } from "@roomlog/protocol";
import type { Clock, Stop } from "../core/clock.ts";
import { failed } from "./answers.ts";
import { hashOf } from "./credentials.ts";
import type { LocalClient } from "./local-client.ts";
import { type Caller, isRenewed, type LogInParts, logIn } from "./login.ts";

export interface PoolParts extends LogInParts {
  readonly clock: Clock;
}

/** A session for one request; whoever has it gives it back. */
export interface Lease {
  readonly client: LocalClient;
  giveBack(): void;
}

/** A session that nobody needs is kept for so long, and none longer than that after its login; in milliseconds. */
const REST_MS = 30_000;
const LIFE_MS = 300_000;
const SWEEP_MS = 5000;
/** Whether its user may still be there is asked no more often than that (L17). */
const CHECK_MS = 1000;
const RETRY_AFTER_MS = 1000;

/**
 * Sessions that are logged in, for requests that need none of their own: a login for each request would cost a hash of
 * the password each time (L17), and a line of the log.
 */
export class Pool {
  readonly #parts: PoolParts;
  readonly #shelves = new Map<string, Shelf>();
  readonly #stop: Stop;

  constructor(parts: PoolParts) {
    this.#parts = parts;
    this.#stop = parts.clock.every(SWEEP_MS, () => this.#sweep());
  }

  /** A session of the caller, with which nobody else is busy. Throws a `HttpError`. */
  lease(caller: Caller): Promise<Lease> {
    const key = keyOf(caller);
    const shelf = this.#shelves.get(key) ?? new Shelf(this.#parts);
    this.#shelves.set(key, shelf);
    return shelf.lease(caller);
  }

  /** Resolves when the caller has a session, or had to wait for one. Throws a `HttpError`: who he is not is found out. */
  async know(caller: Caller): Promise<void> {
    if (this.#shelves.get(keyOf(caller))?.isKnown) return;
    (await this.lease(caller)).giveBack();
  }

  /** Ends all sessions; who waits for one is told. */
  close(): void {
    this.#stop();
    for (const shelf of this.#shelves.values()) shelf.close();
  }

  #sweep(): void {
    const before = this.#parts.clock.monotonic() - REST_MS;
    for (const [key, shelf] of this.#shelves) {
      shelf.clear(before);
      if (shelf.isEmpty) this.#shelves.delete(key);
    }
  }
}

function keyOf({ service, address, credentials }: Caller): string {
  return JSON.stringify([service.name, address, hashOf(credentials)]);
}

/** When a session logged in, and when its user was asked about; of the monotonic clock. */
interface Age {
  readonly openedAt: number;
  checkedAt: number;
}

/** A session that rests. */
interface Resting {
  readonly client: LocalClient;
  readonly since: number;
}

/** The sessions of one caller. */
class Shelf {
  readonly #parts: PoolParts;
  readonly #ages = new Map<LocalClient, Age>();
  #resting: Resting[] = [];
  #opening = 0;
  #isClosed = false;
  /** Each is handed a session, or told that there may be room for one. */
  readonly #queue: ((client?: LocalClient) => void)[] = [];

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  /** Whether somebody has logged in with these credentials. */
  get isKnown(): boolean {
    return this.#ages.size > 0;
  }

  get isEmpty(): boolean {
    return this.#ages.size === 0 && this.#opening === 0 && this.#queue.length === 0;
  }

  async lease(caller: Caller): Promise<Lease> {
    const client = await this.#find(caller);
    return { client, giveBack: () => this.#giveBack(client) };
  }

  async #find(caller: Caller): Promise<LocalClient> {
    const { http_sessions, requests_in_flight } = caller.service.limits;
    for (let hasWaited = false; ; ) {
      if (this.#isClosed) throw stopping();
      const resting = this.#take();
      if (resting && (await this.#isGood(resting))) return resting;
      if (resting) continue;
      if (!this.#isFull(http_sessions)) return this.#open(caller);
      if (!hasWaited && this.#queue.length >= requests_in_flight) throw tooMany(requests_in_flight);
      const handed = await this.#wait(hasWaited);
      hasWaited = true;
      if (handed && !handed.isEnded && (await this.#isGood(handed))) return handed;
    }
  }

  /** Whether its login still holds, with the rights of now: users are asked again as for one that is resumed (L13). */
  async #isGood(client: LocalClient): Promise<boolean> {
    const now = this.#parts.clock.monotonic();
    const age = this.#ages.get(client);
    if (!age || now - age.checkedAt < CHECK_MS) return true;
    age.checkedAt = now;
    const isGood = await isRenewed(client);
    if (!isGood) client.end();
    return isGood;
  }

  /** Who has waited before is the next. */
  #wait(hasWaited: boolean): Promise<LocalClient | undefined> {
    return new Promise((resolve) => {
      if (hasWaited) this.#queue.unshift(resolve);
      else this.#queue.push(resolve);
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const tell of this.#queue.splice(0)) tell();
    this.clear(Number.POSITIVE_INFINITY);
  }

  /** Ends what has rested since `before` or longer. */
  clear(before: number): void {
    const tired = this.#resting.filter(({ since }) => since <= before);
    for (const { client } of tired) client.end();
  }

  #isFull(most: number): boolean {
    return this.#ages.size + this.#opening >= most;
  }

  /** The one that rested last, so that the others can go; rather one that reads. */
  #take(): LocalClient | undefined {
    const found = this.#resting.findLast(({ client }) => client.isRead) ?? this.#resting.at(-1);
    this.#resting = this.#resting.filter((one) => one !== found);
    return found?.client;
  }

  async #open(caller: Caller): Promise<LocalClient> {
    this.#opening += 1;
    try {
      const client = await logIn(caller, this.#parts);
      const now = this.#parts.clock.monotonic();
      this.#ages.set(client, { openedAt: now, checkedAt: now });
      client.onEnded = () => this.#forget(client);
      return client;
    } finally {
      this.#opening -= 1;
      if (!this.#isFull(caller.service.limits.http_sessions)) this.#next();
    }
  }

  #giveBack(client: LocalClient): void {
    const now = this.#parts.clock.monotonic();
    const age = this.#ages.get(client);
    if (!age) return;
    if (this.#isClosed || now - age.openedAt >= LIFE_MS) return client.end();
    const waiting = this.#queue.shift();
    if (waiting) waiting(client);
    else this.#resting.push({ client, since: now });
  }

  #forget(client: LocalClient): void {
    this.#ages.delete(client);
    this.#resting = this.#resting.filter((one) => one.client !== client);
    this.#next();
  }

  #next(): void {
    this.#queue.shift()?.();
  }
}

function stopping() {
  return failed({ code: 100051, error: errorText(100051), retry_after_ms: RETRY_AFTER_MS });
}

function tooMany(limit: number) {
  return failed({ code: 100050, error: errorText(100050), limit, retry_after_ms: RETRY_AFTER_MS });
}
