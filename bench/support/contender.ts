import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Answers } from "../load/dialect.ts";
import type { Round, Shape } from "../load/job.ts";
import type { RunningSystem, StartOptions, System } from "../systems/system.ts";
import { atExit } from "./at-exit.ts";
import type { DataSet } from "./fill.ts";
import { LoadProcess } from "./load.ts";

export interface HostOptions extends StartOptions {
  /** Its data goes into a new directory below this one. */
  readonly data: string;
  /** How subscribers answer events, where the system wants that. */
  readonly answers: Answers;
}

/** A system with its data, started when it is needed. */
export class Host {
  readonly system: System;
  readonly isFilled: boolean;
  readonly directory: string;
  readonly #options: HostOptions;
  #running: RunningSystem | undefined;
  readonly #forget: () => void;

  /** Its data is there. */
  static async prepare(system: System, data: DataSet | undefined, options: HostOptions): Promise<Host> {
    const host = new Host(system, data !== undefined, options);
    if (data) await system.fill?.(host.directory, data);
    return host;
  }

  private constructor(system: System, isFilled: boolean, options: HostOptions) {
    this.system = system;
    this.isFilled = isFilled;
    this.directory = mkdtempSync(join(options.data, `bench-${system.name.replace(":", "-")}-`));
    this.#options = options;
    // A run that fails leaves nothing behind.
    this.#forget = atExit(() => this.#erase());
  }

  async start(): Promise<RunningSystem> {
    this.#running ??= await this.system.start(this.directory, this.#options);
    return this.#running;
  }

  get answers(): Answers {
    return this.system.isAnswered ? this.#options.answers : "none";
  }

  /** Stops it. What was not there beforehand goes. */
  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
    if (this.isFilled) return;
    this.#erase();
    mkdirSync(this.directory);
  }

  /** Stops it and removes its data. */
  async remove(): Promise<void> {
    await this.stop();
    this.#forget();
    this.#erase();
  }

  #erase(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A case on a system. */
export class Contender {
  readonly host: Host;
  readonly #shape: Shape;
  #load: LoadProcess | undefined;

  constructor(host: Host, shape: Shape) {
    this.host = host;
    this.#shape = shape;
  }

  /** Whether a round begins with a server and a load that are new. */
  get isFresh(): boolean {
    return this.#shape.kind === "idle" || this.#shape.kind === "restart";
  }

  async round(seconds: number): Promise<Round> {
    if (this.#shape.kind === "restart") return this.#restart();
    this.#load ??= await this.#open();
    const round = await this.#load.round(seconds);
    if (this.isFresh) await this.stop();
    return round;
  }

  async stop(): Promise<void> {
    this.#load?.stop();
    this.#load = undefined;
    await this.host.stop();
  }

  async #open(): Promise<LoadProcess> {
    const { url, pids } = await this.host.start();
    const { system, directory, isFilled, answers } = this.host;
    const { dialect } = system;
    return LoadProcess.start({ dialect, answers, url, directory, pids, isFilled, shape: this.#shape });
  }

  async #restart(): Promise<Round> {
    const began = performance.now();
    await this.host.start();
    const seconds = (performance.now() - began) / 1000;
    await this.host.stop();
    return { operations: 1, seconds };
  }
}
