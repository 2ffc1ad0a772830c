import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import type { FromLoad, Job, Round, ToLoad } from "../load/job.ts";

/** The connections and the rooms of the largest load take less. */
const OPEN_SECONDS = 180;
/** More than a round itself takes. */
const ROUND_SECONDS = 60;
const PROGRAM = resolve(import.meta.dirname, "../load/main.ts");

/** A load in a process of its own. */
export class LoadProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  /** Its clients are connected and ready. */
  static async start(job: Job): Promise<LoadProcess> {
    const load = new LoadProcess();
    try {
      await load.#ask({ kind: "open", job }, OPEN_SECONDS);
      return load;
    } catch (error) {
      load.stop();
      throw error;
    }
  }

  private constructor() {
    this.#child = fork(PROGRAM, { execArgv: ["--conditions=source"] });
    this.#exited = once(this.#child, "exit");
  }

  async round(seconds: number): Promise<Round> {
    const answer = await this.#ask({ kind: "round", seconds }, seconds + ROUND_SECONDS);
    if (answer.kind !== "round") throw new Error(`The load answered ${answer.kind}.`);
    return answer.round;
  }

  stop(): void {
    this.#child.kill();
  }

  async #ask(message: ToLoad, patience: number): Promise<FromLoad> {
    const answered = once(this.#child, "message", { signal: AbortSignal.timeout(patience * 1000) });
    this.#child.send(message);
    const first = await Promise.race([answered, this.#exited.then(() => undefined)]);
    const answer = first?.[0] as FromLoad | undefined;
    if (!answer) throw new Error("The process of the load ended.");
    if (answer.kind === "failed") throw new Error(answer.message);
    return answer;
  }
}
