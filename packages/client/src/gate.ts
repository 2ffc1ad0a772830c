import { abortable } from "./abortable.ts";

/** Lets through what waits for something that comes and goes, as a connection does. */
export class Gate<T> {
  #next = resolvers<T>();
  #isOpen = false;
  readonly #walled = new AbortController();

  /** Aborted when it will not open again. */
  get walled(): AbortSignal {
    return this.#walled.signal;
  }

  open(value: T): void {
    this.#isOpen = true;
    this.#next.resolve(value);
  }

  shut(): void {
    if (this.#isOpen) this.#next = resolvers<T>();
    this.#isOpen = false;
  }

  /** It will not open again: all that wait and all that come get `error`. */
  wallUp(error: Error): void {
    this.shut();
    this.#next.reject(error);
    this.#walled.abort(error);
  }

  /** Waits until it is open. */
  pass(signal?: AbortSignal): Promise<T> {
    return abortable(this.#next.promise, signal);
  }
}

function resolvers<T>(): PromiseWithResolvers<T> {
  const made = Promise.withResolvers<T>();
  // Nobody has to wait for it.
  made.promise.catch(() => {});
  return made;
}
