/** Takes a listener away again. */
export type Unsubscribe = () => void;

/** Who wants to be told of what, by name; `"*"` is everything. */
export class Listeners<Args extends readonly unknown[]> {
  readonly #by = new Map<string, Set<(...args: Args) => void>>();

  add(name: string, listener: (...args: Args) => void): Unsubscribe {
    const own = (...args: Args) => listener(...args);
    const those = this.#by.get(name) ?? new Set();
    this.#by.set(name, those.add(own));
    return () => {
      those.delete(own);
    };
  }

  tell(name: string, ...args: Args): void {
    for (const heard of new Set([name, "*"]))
      for (const listener of this.#by.get(heard) ?? []) attempt(() => listener(...args));
  }
}

/** A listener that throws is no reason not to tell the others; what it throws is the page's or the program's. */
function attempt(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
