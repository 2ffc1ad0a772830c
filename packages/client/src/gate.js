import { abortable } from "./abortable.ts";
/** Lets through what waits for something that comes and goes, as a connection does. */
export class Gate {
  #next = resolvers();
  #isOpen = false;
  #walled = new AbortController();
  /** Aborted when it will not open again. */
  get walled() {
    return this.#walled.signal;
  }
  open(value) {
    this.#isOpen = true;
    this.#next.resolve(value);
  }
  shut() {
    if (this.#isOpen) this.#next = resolvers();
    this.#isOpen = false;
  }
  /** It will not open again: all that wait and all that come get `error`. */
  wallUp(error) {
    this.shut();
    this.#next.reject(error);
    this.#walled.abort(error);
  }
  /** Waits until it is open. */
  pass(signal) {
    return abortable(this.#next.promise, signal);
  }
}
function resolvers() {
  const made = Promise.withResolvers();
  // Nobody has to wait for it.
  made.promise.catch(() => {});
  return made;
}
//# sourceMappingURL=gate.js.map
