/** Who wants to be told of what, by name; `"*"` is everything. */
export class Listeners {
  #by = new Map();
  add(name, listener) {
    const own = (...args) => listener(...args);
    const those = this.#by.get(name) ?? new Set();
    this.#by.set(name, those.add(own));
    return () => {
      those.delete(own);
    };
  }
  tell(name, ...args) {
    for (const listener of this.#by.get(name) ?? []) attempt(() => listener(...args));
    if (name !== "*") for (const listener of this.#by.get("*") ?? []) attempt(() => listener(...args));
  }
}
/** A listener that throws is no reason not to tell the others; what it throws is the page's or the program's. */
function attempt(tell) {
  try {
    tell();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
//# sourceMappingURL=listeners.js.map
