/** Time, passed in so that tests can move it. */
export interface Timers {
  /** Calls `task` once, `ms` from now. Returns what stops it. */
  after(ms: number, task: () => void): () => void;
}
export declare const systemTimers: Timers;
