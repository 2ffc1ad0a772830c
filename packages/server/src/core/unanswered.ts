import type { JsonText } from "./json-text.ts";

/** What the other side said to a request of the server; `data` as it was written. */
export interface Reply {
  readonly result: unknown;
  readonly data: JsonText | undefined;
}

interface Pending {
  /** Where its frame ends in all that was sent on the connection. */
  readonly end: number;
  /** Until when an ack has extended it; undefined without one. */
  extendedUntil: number | undefined;
  readonly replied: ((reply: Reply) => void) | undefined;
}

/**
 * The requests of the server that one client has not answered yet (F7, F8), aged by one sweep. Times are
 * milliseconds of the monotonic clock.
 */
export class Unanswered {
  /** In the order sent. */
  readonly #pending = new Map<number, Pending>();
  /** When the eldest request without an ack began to count; undefined while it has not been handed over. */
  #eldestSince: number | undefined;

  get size(): number {
    return this.#pending.size;
  }

  add(tid: number, end: number, replied?: (reply: Reply) => void): void {
    this.#pending.set(tid, { end, extendedUntil: undefined, replied });
  }

  /** A second answer, or one that nobody asked for, is ignored (F4). */
  settle(tid: unknown, reply: Reply): void {
    const pending = typeof tid === "number" ? this.#pending.get(tid) : undefined;
    if (!pending) return;
    if (pending === this.#eldest()) this.#eldestSince = undefined;
    this.#pending.delete(tid as number);
    pending.replied?.(reply);
  }

  extend(tid: unknown, until: number): void {
    const pending = typeof tid === "number" ? this.#pending.get(tid) : undefined;
    if (!pending) return;
    if (pending === this.#eldest()) this.#eldestSince = undefined;
    pending.extendedUntil = until;
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
    for (const { extendedUntil } of this.#pending.values()) {
      if (extendedUntil !== undefined && extendedUntil <= now) return true;
    }
    const eldest = this.#eldest();
    if (!eldest || eldest.end > handed) {
      this.#eldestSince = undefined;
      return false;
    }
    this.#eldestSince ??= now;
    return now - this.#eldestSince >= allowed;
  }

  #eldest(): Pending | undefined {
    for (const pending of this.#pending.values()) if (pending.extendedUntil === undefined) return pending;
    return undefined;
  }
}
