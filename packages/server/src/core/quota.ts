/** How many of something a service has, and how many it may have; no limit: as many as come. */
export class Quota {
  limit: number | undefined;
  #held = 0;

  constructor(limit: number | undefined) {
    this.limit = limit;
  }

  get held(): number {
    return this.#held;
  }

  /** What there was before. */
  start(held: number): void {
    this.#held = held;
  }

  /** False, and nothing is taken, when it would be over the limit. */
  take(count: number): boolean {
    if (this.limit !== undefined && this.#held + count > this.limit) return false;
    this.#held += count;
    return true;
  }

  give(count: number): void {
    this.#held -= count;
  }
}
