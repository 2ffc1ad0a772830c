import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import { within } from "./within.ts";

/** How a process ended: by itself with a code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Nanoseconds of the monotonic clock. */
  readonly at: bigint;
}

export interface ServerOptions {
  /** The module that is the command line of the server. */
  readonly main: string;
  readonly data: string;
  /** Its log is appended here. */
  readonly log: string;
  /** All it gets: settings of whoever runs the test are not the server's. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** Far beyond what is accepted, so that a slow start is measured and not merely an error. */
const START_LIMIT_MS = 60_000;
const END_LIMIT_MS = 60_000;

/** The server ended before it was ready. */
export class NotStarted extends Error {
  readonly exit: Exit;

  constructor(exit: Exit) {
    super(`the server did not start and ended ${exitInWords(exit)}`);
    this.name = "NotStarted";
    this.exit = exit;
  }
}

/** The real server, as its users start it, in a process of its own. */
export class ServerProcess {
  readonly url: string;
  /** From the start of the process to the line that says it is ready. */
  readonly readyMs: number;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;

  /** Rejects with `NotStarted` when it ends before it is ready. */
  static async start({ main, data, log, env = {} }: ServerOptions): Promise<ServerProcess> {
    const began = performance.now();
    const stderr = openSync(log, "a");
    const child = spawn(process.execPath, [main, "serve", "--port", "0", "--data", data], {
      env,
      stdio: ["ignore", "pipe", stderr],
    });
    closeSync(stderr);
    const exited = endsWithThisProcess(child);
    const url = await within(START_LIMIT_MS, readyUrl(child, exited), "the server to be ready");
    return new ServerProcess({ child, exited, url, readyMs: performance.now() - began });
  }

  private constructor(parts: { child: ChildProcess; exited: Promise<Exit>; url: string; readyMs: number }) {
    this.#child = parts.child;
    this.exited = parts.exited;
    this.url = parts.url;
    this.readyMs = parts.readyMs;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it without a word. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    const exit = await this.#end();
    if (exit.signal !== "SIGKILL")
      throw new Error(`before it was killed the server ended ${exitInWords(exit)}`);
  }

  /** Stops it in order. */
  async stop(): Promise<void> {
    this.signal("SIGTERM");
    const exit = await this.#end();
    if (exit.code !== 0) throw new Error(`told to stop, the server ended ${exitInWords(exit)}`);
  }

  #end(): Promise<Exit> {
    return within(END_LIMIT_MS, this.exited, "the server to end");
  }
}

export function exitInWords({ code, signal }: Exit): string {
  return signal ? `by ${signal}` : `with exit code ${code}`;
}

/** However this program ends, it leaves no server behind. */
function endsWithThisProcess(child: ChildProcess): Promise<Exit> {
  const reap = () => void child.kill("SIGKILL");
  process.on("exit", reap);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      process.off("exit", reap);
      resolve({ code, signal, at: process.hrtime.bigint() });
    });
  });
}

async function readyUrl(child: ChildProcess, exited: Promise<Exit>): Promise<string> {
  if (!child.stdout) throw new Error("the server has no stdout");
  const line = once(createInterface({ input: child.stdout }), "line").then(([text]) => String(text));
  const first = await Promise.race([line, exited]);
  if (typeof first !== "string") throw new NotStarted(first);
  const url = /^roomlog ready (ws:\S+)$/.exec(first)?.[1];
  if (!url) throw new Error(`the server said "${first}"`);
  return url;
}
