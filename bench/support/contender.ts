import type { Round, Shape } from "../load/job.ts";
import type { RunningSystem, StartOptions, System } from "../systems/system.ts";
import { LoadProcess } from "./load.ts";

export interface ContenderOptions extends StartOptions {
  /** Its data goes below this directory. */
  readonly data: string;
}

/** A running system with its load. */
export class Contender {
  readonly system: string;
  readonly #running: RunningSystem;
  readonly #load: LoadProcess;

  static async start(
    system: System,
    shape: Shape,
    { data, ...options }: ContenderOptions,
  ): Promise<Contender> {
    const running = await system.start(data, options);
    try {
      const { url, pids } = running;
      const load = await LoadProcess.start({ dialect: system.dialect, url, pids, shape });
      return new Contender(system.name, running, load);
    } catch (error) {
      await running.stop();
      throw error;
    }
  }

  private constructor(system: string, running: RunningSystem, load: LoadProcess) {
    this.system = system;
    this.#running = running;
    this.#load = load;
  }

  round(seconds: number): Promise<Round> {
    return this.#load.round(seconds);
  }

  async stop(): Promise<void> {
    this.#load.stop();
    await this.#running.stop();
  }
}
