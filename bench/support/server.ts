import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { ConfigInput } from "roomlog";
import { cpuSeconds } from "./process.ts";

/** The built server in a process of its own, so that its CPU time is not mixed with that of the load. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** CPU time of all its threads so far. */
  cpuSeconds(): number;
  /** Stops it as SIGTERM does and removes its data. */
  stop(): Promise<void>;
}

type Child = ChildProcessByStdio<null, Readable, null>;

const PROGRAM = resolve(import.meta.dirname, "../../packages/server/bin/roomlog.js");
/** Starts the server on a free port, with its data in a new directory below `parent`. */
export async function startServerProcess(
  config: ConfigInput,
  parent: string,
  nodeOptions: readonly string[] = [],
): Promise<ServerProcess> {
  const directory = mkdtempSync(join(parent, "roomlog-bench-"));
  const file = join(directory, "roomlog.yaml");
  const child = run(nodeOptions, file, {
    port: 0,
    data: join(directory, "data"),
    log_level: "warn",
    ...config,
  });
  const exited = once(child, "exit");
  // A load that fails must not leave a server behind.
  const kill = () => child.kill();
  process.on("exit", kill);
  const stop = async () => {
    child.kill();
    await exited;
    process.off("exit", kill);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const pid = child.pid as number;
    return { url: await readyUrl(child), pid, cpuSeconds: () => cpuSeconds(pid), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function run(nodeOptions: readonly string[], file: string, config: ConfigInput): Child {
  writeFileSync(file, JSON.stringify(config)); // JSON is YAML
  return spawn(process.execPath, [...nodeOptions, PROGRAM, "serve", "--config", file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function readyUrl(child: Child): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^roomlog ready (\S+)/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error("The server ended before it was ready. Was it built? (npm run build)");
}
