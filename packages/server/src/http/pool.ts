import { errorText } from "@roomlog/protocol";
import type { Clock, Stop } from "../core/clock.ts";
import { failed } from "./answers.ts";
import { hashOf } from "./credentials.ts";
import type { LocalClient } from "./local-client.ts";
import { type Caller, type LogInParts, logIn } from "./login.ts";

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
    const key = JSON.stringify([caller.service.name, caller.address, hashOf(caller.credentials)]);
    const shelf = this.#shelves.get(key) ?? new Shelf(this.#parts);
    this.#shelves.set(key, shelf);
    return shelf.lease(caller);
  }

  close(): void {
    this.#stop();
    for (const shelf of this.#shelves.values()) shelf.clear(Number.POSITIVE_INFINITY);
  }

  #sweep(): void {
    const before = this.#parts.clock.monotonic() - REST_MS;
    for (const [key, shelf] of this.#shelves) {
      shelf.clear(before);
      if (shelf.isEmpty) this.#shelves.delete(key);
    }
  }
}

/** A session that rests. */
interface Resting {
  readonly client: LocalClient;
  readonly since: number;
}

/** The sessions of one caller. */
class Shelf {
  readonly #parts: PoolParts;
  readonly #openedAt = new Map<LocalClient, number>();
  #resting: Resting[] = [];
  #opening = 0;
  /** Each is handed a session, or told that there may be room for one. */
  readonly #queue: ((client?: LocalClient) => void)[] = [];

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  get isEmpty(): boolean {
    return this.#openedAt.size === 0 && this.#opening === 0 && this.#queue.length === 0;
  }

  async lease(caller: Caller): Promise<Lease> {
    const client = await this.#find(caller);
    return { client, giveBack: () => this.#giveBack(client) };
  }

  async #find(caller: Caller): Promise<LocalClient> {
    const { http_sessions, requests_in_flight } = caller.service.limits;
    for (let hasWaited = false; ; hasWaited = true) {
      const resting = this.#take();
      if (resting) return resting;
      if (!this.#isFull(http_sessions)) return this.#open(caller);
      if (!hasWaited && this.#queue.length >= requests_in_flight) throw tooMany(requests_in_flight);
      const handed = await this.#wait(hasWaited);
      if (handed && !handed.isEnded) return handed;
    }
  }

  /** Who has waited before is the next. */
  #wait(hasWaited: boolean): Promise<LocalClient | undefined> {
    return new Promise((resolve) => {
      if (hasWaited) this.#queue.unshift(resolve);
      else this.#queue.push(resolve);
    });
  }

  /** Ends what has rested since `before` or longer. */
  clear(before: number): void {
    const tired = this.#resting.filter(({ since }) => since <= before);
    for (const { client } of tired) client.end();
  }

  #isFull(most: number): boolean {
    return this.#openedAt.size + this.#opening >= most;
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
      this.#openedAt.set(client, this.#parts.clock.monotonic());
      client.onEnded = () => this.#forget(client);
      return client;
    } finally {
      this.#opening -= 1;
      if (!this.#isFull(caller.service.limits.http_sessions)) this.#next();
    }
  }

  #giveBack(client: LocalClient): void {
    const now = this.#parts.clock.monotonic();
    const openedAt = this.#openedAt.get(client);
    if (openedAt === undefined) return;
    if (now - openedAt >= LIFE_MS) return client.end();
    const waiting = this.#queue.shift();
    if (waiting) waiting(client);
    else this.#resting.push({ client, since: now });
  }

  #forget(client: LocalClient): void {
    this.#openedAt.delete(client);
    this.#resting = this.#resting.filter((one) => one.client !== client);
    this.#next();
  }

  #next(): void {
    this.#queue.shift()?.();
  }
}

function tooMany(limit: number) {
  return failed({ code: 100050, error: errorText(100050), limit, retry_after_ms: RETRY_AFTER_MS });
}
