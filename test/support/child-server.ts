import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** The command line as it is released: it runs what `npm run build` has made. */
const CLI = fileURLToPath(new URL("../../packages/server/bin/roomlog.js", import.meta.url));

/** How a server process ended, and everything it said on stderr. */
export interface Exit {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stderr: string;
}

/** `roomlog serve` in a process of its own. */
export interface ChildServer {
  readonly url: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** It is read, from the start. */
  readonly stderr: Readable;
  /** Sends the signal, SIGTERM by default, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
}

/** The process ended before it was ready. */
export class NotStarted extends Error {
  readonly exit: Exit;

  constructor(exit: Exit) {
    super(`the server ended with code ${exit.code} before it was ready: ${exit.stderr}`);
    this.name = "NotStarted";
    this.exit = exit;
  }
}

/** Starts a server on a free port and waits until it is ready; it is killed when the test is finished. */
export async function startChildServer(data: string, flags: readonly string[] = []): Promise<ChildServer> {
  const child = spawn(process.execPath, [CLI, "serve", "--port", "0", "--data", data, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const exited = once(child, "close").then(([code]): Exit => ({ code, stderr }));
  const stop = (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal);
    return exited;
  };
  onTestFinished(async () => {
    await stop("SIGKILL");
  });

  const ready = once(createInterface(child.stdout), "line").then(([line]) => urlIn(line));
  const url = await Promise.race([ready, exited]);
  if (typeof url !== "string") throw new NotStarted(url);
  return { url, pid: child.pid as number, stderr: child.stderr, exited, stop };
}

/** `roomlog ready ws://… ws://…`: the first of its listeners. */
function urlIn(line: string): string {
  const [, url] = /^roomlog ready (ws:\S+)/.exec(line) ?? [];
  if (url === undefined) throw new Error(`not a ready line: ${line}`);
  return url;
}
