import type { Answers, Dialect } from "./dialect.ts";

/** The load of one workload: it can be started and stopped any number of times. */
export interface Load {
  /** Operations done so far. */
  readonly done: number;
  start(): void;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
  /** Microseconds each operation took since they were last taken, where that is measured. */
  takeLatencies?(): number[];
}

export interface LoadOptions {
  readonly url: string;
  readonly dialect: Dialect;
  readonly answers: Answers;
  /** The rooms exist already. */
  readonly isFilled: boolean;
}
