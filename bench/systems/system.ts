/** A system that the workloads run on. Each is started anew for each workload. */
export interface System {
  readonly name: string;
  /** Name of its clients' dialect in bench/load. */
  readonly dialect: string;
  /** Its version and the settings that the figures depend on. */
  setting(): string;
  /** One line that says what is not installed. */
  missing?(): string | undefined;
  /** Starts it with its data in a new directory below `parent`. */
  start(parent: string, options: StartOptions): Promise<RunningSystem>;
}

export interface StartOptions {
  /** Where to write CPU profiles of its threads, for systems that can. */
  readonly profiles?: string | undefined;
}

export interface RunningSystem {
  readonly url: string;
  /** The processes whose CPU time counts. */
  readonly pids: readonly number[];
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}
