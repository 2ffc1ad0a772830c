/** Work that is done one after the other for each key. */
export class Turns {
  /** What waits behind the work that runs, by key. */
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Calls `begin` when it is its turn; it calls `done`, once, when the next may begin. */
  take(key: string, begin: (done: () => void) => void): void {
    const run = () => begin(() => this.#next(key));
    const others = this.#waiting.get(key);
    if (others) return void others.push(run);
    this.#waiting.set(key, []);
    run();
  }

  #next(key: string): void {
    const run = this.#waiting.get(key)?.shift();
    if (run) run();
    else this.#waiting.delete(key);
  }
}
