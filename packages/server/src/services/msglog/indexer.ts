import { type Log, RequestError, type Service } from "../../core/plugin.ts";
import type { MsglogSettings } from "./settings.ts";

/** Messages that are indexed in one commit. */
const SLICE = 512;
/** Between two slices, in milliseconds: sends have the disk to themselves meanwhile. */
const PAUSE_MS = 5;

/** Indexes in the background what was stored while there was no search (M18): once through all logs whenever it begins. */
export class Indexer {
  readonly #service: Service;
  readonly #log: Log;
  readonly #settings: () => MsglogSettings;
  #stopped = false;
  #running = false;

  constructor(service: Service, log: Log, settings: () => MsglogSettings) {
    this.#service = service;
    this.#log = log;
    this.#settings = settings;
  }

  /** Begins, if there is search. Gives back what ends it. */
  start(): () => void {
    void this.#run();
    return () => {
      this.#stopped = true;
    };
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let from: number | undefined = 0; from !== undefined && this.#goesOn; ) {
        from = await this.#log.index({ from, most: SLICE });
        if (from !== undefined) await this.#pause();
      }
    } catch (error) {
      // A store that has failed or closes says so itself.
      if (!this.#stopped && !(error instanceof RequestError))
        this.#service.logger.error({ err: error }, "messages could not be indexed");
    }
    this.#running = false;
  }

  get #goesOn(): boolean {
    return !this.#stopped && this.#settings().search;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#service.clock.after(PAUSE_MS, resolve));
  }
}
