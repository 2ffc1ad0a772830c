import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "../../fault/frame/at-exit.ts";
import { within } from "../../fault/frame/within.ts";
import type { Look, Question } from "../server/main.ts";
import { config } from "./config.ts";

const MAIN = join(import.meta.dirname, "../server/main.ts");
const START_LIMIT_MS = 60_000;
const ANSWER_LIMIT_MS = 30_000;

type Said = Partial<Look> & { readonly url?: string; readonly heap?: number; readonly died?: string };

/** A built server with SQLite in a process of its own, which watches itself. */
export class FuzzServer {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #clean: () => void;
  #lastWords = "";

  /** `home` holds `bin`, `dist` and what they import. */
  static async start(home: string): Promise<FuzzServer> {
    const data = mkdtempSync(join(tmpdir(), "roomlog-fuzz-"));
    const child = fork(MAIN, [home, data], {
      execArgv: ["--expose-gc"],
      env: { ...process.env, NODE_OPTIONS: "", FUZZ_CONFIG: JSON.stringify(config) },
    });
    const clean = () => {
      child.kill("SIGKILL");
      rmSync(data, { recursive: true, force: true, maxRetries: 3 });
    };
    const forget = atExit(clean);
    const ended = once(child, "exit").then(() => Promise.reject(new Error("the server did not start")));
    const ready = Promise.race([once(child, "message"), ended]);
    const [{ url, died }] = (await within(START_LIMIT_MS, ready, "the server to be ready")) as [Said];
    if (url === undefined) throw new Error(`the server did not start: ${died}`);
    ended.catch(() => {});
    return new FuzzServer(child, url, () => {
      forget();
      clean();
    });
  }

  private constructor(child: ChildProcess, url: string, clean: () => void) {
    this.#child = child;
    this.url = url;
    this.#clean = clean;
    child.on("message", ({ died }: Said) => {
      this.#lastWords = died ?? this.#lastWords;
    });
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What happened since the last look. Throws when the process has ended. */
  async look(): Promise<Look> {
    return (await this.#ask("look")) as Look;
  }

  /** Bytes of the heap that are in use. */
  async heap(): Promise<number> {
    return (await this.#ask("heap")).heap ?? 0;
  }

  async stop(): Promise<void> {
    const exited = this.isAlive ? once(this.#child, "exit") : undefined;
    this.#child.kill("SIGKILL");
    await exited;
    this.#clean();
  }

  async #ask(question: Question): Promise<Said> {
    if (!this.isAlive) throw this.#ended();
    const exited = new AbortController();
    const { signal } = exited;
    const said = once(this.#child, "message", { signal }).then(([said]) => said as Said);
    const gone = once(this.#child, "exit", { signal }).then(() => Promise.reject(this.#ended()));
    try {
      this.#child.send(question, () => {});
      const answer = await within(
        ANSWER_LIMIT_MS,
        Promise.race([said, gone]),
        "the server to look at itself",
      );
      if (answer.died === undefined) return answer;
      return await gone;
    } finally {
      exited.abort();
      for (const one of [said, gone]) one.catch(() => {});
    }
  }

  #ended(): Error {
    return new Error(`the server has ended: ${this.#lastWords}`);
  }
}
