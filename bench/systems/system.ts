import type { Shape } from "../load/job.ts";
import type { DataSet } from "../support/fill.ts";

/** A system that the workloads run on. Each workload starts it anew. */
export interface System {
  readonly name: string;
  /** How its clients speak; undefined for what runs inside the load. */
  readonly dialect: "roomlog" | "socketio" | "nats" | undefined;
  /** Whether subscribers answer events. */
  readonly isAnswered: boolean;
  /** What it can run. */
  readonly kinds: readonly Shape["kind"][];
  /** Its version and the settings that the figures depend on, in one line. */
  setting(): string;
  /** One line that says what is not installed. */
  missing(): string | undefined;
  /** Writes a data set into an empty directory, where there is a store. */
  fill?(directory: string, data: DataSet): Promise<void>;
  /** Starts it on a directory that is empty or filled. */
  start(directory: string, options: StartOptions): Promise<RunningSystem>;
}

export interface StartOptions {
  /** Where to write CPU profiles of its threads, for systems that can. */
  readonly profiles?: string | undefined;
}

export interface RunningSystem {
  readonly url: string;
  /** The processes whose CPU time counts; none: the load's own. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}
