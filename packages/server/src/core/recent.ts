/** When something last happened to whom, remembered for a while. Times are numbers of any one clock. */
export class Recent {
  /** The one longest ago first. */
  readonly #times = new Map<string, number>();

  /** It happens `now`; what happened longer than `kept` ago is forgotten. */
  note(name: string, now: number, kept: number): void {
    this.#times.delete(name);
    this.#times.set(name, now);
    for (const [other, at] of this.#times) {
      if (now - at <= kept) break;
      this.#times.delete(other);
    }
  }

  /** When it last happened; undefined when that is not remembered. */
  at(name: string): number | undefined {
    return this.#times.get(name);
  }
}
