import type { JsonText } from "./json-text.ts";

/** What the other side said to a request of the server; `data` as it was written. */
export interface Reply {
  readonly result: unknown;
  readonly data: JsonText | undefined;
}

/** Gets the answer, or undefined when the connection ended first. */
export type Replied = (reply: Reply | undefined) => void;

interface Pending {
  /** Where its frame ends in all that was sent on the connection. */
  readonly end: number;
  /** Undefined for an event: nobody waits for its answer. */
  readonly replied: Replied | undefined;
}

interface Extended extends Pending {
  readonly until: number;
  readonly acks: number;
}

/** What most connections have: nothing is unanswered. Shared, so nothing is ever put into it. */
const NONE = new Map<number, never>();

/**
 * The requests of the server that one client has not answered yet (F7, F8), aged by one sweep. Times are
 * milliseconds of the monotonic clock. Every step costs the same, however many there are.
 */
export class Unanswered {
  /** Those without an ack, in the order sent. */
  #pending: Map<number, Pending> = NONE;
  /** Goes through `#pending` once; what is added while it goes is met too. */
  #order: Iterator<number, undefined> | undefined;
  #eldest: number | undefined;
  /** When the eldest began to count; undefined while it has not been handed over. */
  #eldestSince: number | undefined;
  /** Those with an ack, the one that ends first in front: each ack gives the same time from now. */
  #extended: Map<number, Extended> = NONE;

  #events = 0;

  /** Events among them; those with an ack count too (M11). */
  get events(): number {
    return this.#events;
  }

  add(tid: number, end: number, replied: Replied): void {
    this.#addPending(tid, { end, replied });
  }

  /** `count` events with successive tids, of which the last ends at `end`. */
  addEvents(tid: number, count: number, end: number): void {
    const pending = { end, replied: undefined };
    for (let i = 0; i < count; i++) this.#addPending(tid + i, pending);
    this.#events += count;
  }

  #addPending(tid: number, pending: Pending): void {
    if (this.#pending === NONE) this.#pending = new Map();
    this.#pending.set(tid, pending);
  }

  /** A second answer, or one that nobody asked for, is ignored (F4): then false. */
  settle(tid: unknown, reply: Reply): boolean {
    const pending = this.#take(tid);
    if (!pending) return false;
    if (!pending.replied) this.#events -= 1;
    pending.replied?.(reply);
    return true;
  }

  /** False, and nothing is extended, for an unknown tid and for one ack more than `most`. */
  extend(tid: unknown, until: number, most: number): boolean {
    const acks = (this.#extended.get(tid as number)?.acks ?? 0) + 1;
    const pending = acks <= most ? this.#take(tid) : undefined;
    if (!pending) return false;
    if (this.#extended === NONE) this.#extended = new Map();
    this.#extended.set(tid as number, { ...pending, until, acks });
    return true;
  }

  /** The eldest request counts anew: the client could not be heard. */
  restart(): void {
    this.#eldestSince = undefined;
  }

  /**
   * Whether a request has waited too long at `now`. The time of one begins when its frame has been handed to the
   * socket (`handed` bytes have been) and every earlier one without an ack was answered (F8).
   */
  isOverdue(now: number, handed: number, allowed: number): boolean {
    if (this.#hasExpired(now)) return true;
    if (this.#pending.size === 0) this.#shrink();
    const eldest = this.#findEldest();
    const pending = eldest === undefined ? undefined : this.#pending.get(eldest);
    if (!pending || pending.end > handed) {
      this.#eldestSince = undefined;
      return false;
    }
    this.#eldestSince ??= now;
    return now - this.#eldestSince >= allowed;
  }

  /** Nobody else will answer. */
  end(): void {
    const waiting = [...this.#pending.values(), ...this.#extended.values()];
    this.#pending = this.#extended = NONE;
    for (const { replied } of waiting) replied?.(undefined);
  }

  #hasExpired(now: number): boolean {
    if (this.#extended.size === 0) return false;
    const [first] = this.#extended.values();
    return first !== undefined && first.until <= now;
  }

  /** An idle connection keeps no room for what was answered. */
  #shrink(): void {
    this.#pending = NONE;
    this.#order = undefined;
    this.#eldest = undefined;
    if (this.#extended.size === 0) this.#extended = NONE;
  }

  #take(tid: unknown): Pending | undefined {
    if (typeof tid !== "number") return undefined;
    const extended = this.#extended.get(tid);
    if (this.#extended.delete(tid)) return extended;
    const pending = this.#pending.get(tid);
    if (pending && tid === this.#findEldest()) this.restart();
    this.#pending.delete(tid);
    return pending;
  }

  #findEldest(): number | undefined {
    if (this.#eldest !== undefined && this.#pending.has(this.#eldest)) return this.#eldest;
    this.#eldest = this.#order?.next().value;
    if (this.#eldest === undefined && this.#pending.size > 0) {
      this.#order = this.#pending.keys();
      this.#eldest = this.#order.next().value;
    }
    return this.#eldest;
  }
}
