/** Lets through what waits for something that comes and goes, as a connection does. */
export declare class Gate<T> {
  #private;
  /** Aborted when it will not open again. */
  get walled(): AbortSignal;
  open(value: T): void;
  shut(): void;
  /** It will not open again: all that wait and all that come get `error`. */
  wallUp(error: Error): void;
  /** Waits until it is open. */
  pass(signal?: AbortSignal): Promise<T>;
}
