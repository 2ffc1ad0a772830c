import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { atExit } from "./at-exit.ts";

/** A server in a process of its own, so that its CPU time is not mixed with that of the load. */
export interface Program {
  readonly pid: number;
  /** What it printed to say where it listens. */
  readonly url: string;
  /** Stops it as SIGTERM does. */
  stop(): Promise<void>;
}

type Child = ChildProcessByStdio<null, Readable, null>;

/** Starts Node with a program that prints a line with `ready URL` in it. */
export async function startProgram(args: readonly string[]): Promise<Program> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const stop = stopper(child);
  try {
    return { pid: child.pid as number, url: await readyUrl(child), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** How a process is stopped. A load that fails must not leave it behind. */
export function stopper(child: ChildProcess): () => Promise<void> {
  const exited = once(child, "exit");
  const forget = atExit(() => child.kill());
  return async () => {
    child.kill();
    await exited;
    forget();
  };
}

async function readyUrl(child: Child): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /\bready (\S+)/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error("The server ended before it was ready. Was it built? (npm run build)");
}
