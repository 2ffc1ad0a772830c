import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { within } from "./within.ts";

/** How a process ended: by itself with a code, or by a signal. */
type Exit = readonly [code: number | null, signal: NodeJS.Signals | null];

const ROOT = join(import.meta.dirname, "../..");
/** Far beyond what is accepted, so that a slow start is measured and not merely an error. */
const START_LIMIT_MS = 15_000;
const END_LIMIT_MS = 15_000;

/** The real server, as its users start it, in a process of its own. */
export class ServerProcess {
  readonly url: string;
  /** From the start of the process to the line that says it is ready. */
  readonly readyMs: number;
  readonly #child: ChildProcess;
  readonly #exit: Promise<Exit>;

  /** Its log is appended to `log`. */
  static async start(data: string, log: string): Promise<ServerProcess> {
    const began = performance.now();
    const stderr = openSync(log, "a");
    const child = spawn(
      process.execPath,
      ["packages/server/bin/roomlog.js", "serve", "--port", "0", "--data", data],
      // No environment: settings of whoever runs the test are not the server's.
      { cwd: ROOT, env: {}, stdio: ["ignore", "pipe", stderr] },
    );
    closeSync(stderr);
    const exit = endsWithThisProcess(child);
    const url = await within(START_LIMIT_MS, readyUrl(child, exit), "the server to be ready");
    return new ServerProcess({ child, exit, url, readyMs: performance.now() - began });
  }

  private constructor(parts: { child: ChildProcess; exit: Promise<Exit>; url: string; readyMs: number }) {
    this.#child = parts.child;
    this.#exit = parts.exit;
    this.url = parts.url;
    this.readyMs = parts.readyMs;
  }

  /** Ends it without a word. */
  async kill(): Promise<void> {
    const exit = await this.#end("SIGKILL");
    if (exit[1] !== "SIGKILL") throw new Error(`before it was killed the server ended, ${inWords(exit)}`);
  }

  /** Stops it in order. */
  async stop(): Promise<void> {
    const exit = await this.#end("SIGTERM");
    if (exit[0] !== 0) throw new Error(`told to stop, the server ended ${inWords(exit)}`);
  }

  #end(signal: NodeJS.Signals): Promise<Exit> {
    this.#child.kill(signal);
    return within(END_LIMIT_MS, this.#exit, "the server to end");
  }
}

/** However this program ends, it leaves no server behind. */
function endsWithThisProcess(child: ChildProcess): Promise<Exit> {
  const reap = () => void child.kill("SIGKILL");
  process.on("exit", reap);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      process.off("exit", reap);
      resolve([code, signal]);
    });
  });
}

async function readyUrl(child: ChildProcess, exit: Promise<Exit>): Promise<string> {
  if (!child.stdout) throw new Error("the server has no stdout");
  const line = once(createInterface({ input: child.stdout }), "line").then(([text]) => String(text));
  const first = await Promise.race([line, exit]);
  if (typeof first !== "string") throw new Error(`the server did not start and ended ${inWords(first)}`);
  const url = /^roomlog ready (ws:\S+)$/.exec(first)?.[1];
  if (!url) throw new Error(`the server said "${first}"`);
  return url;
}

function inWords([code, signal]: Exit): string {
  return signal ? `by ${signal}` : `with exit code ${code}`;
}
