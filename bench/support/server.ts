import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { ConfigInput } from "roomlog";

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
/** Fields of /proc/PID/stat behind the name, which is the second and may hold anything, even blanks. */
const UTIME = 11;
const STIME = 12;

/** Starts the server on a free port, with its data in a new directory below `parent`. */
export async function startServerProcess(config: ConfigInput, parent: string): Promise<ServerProcess> {
  const directory = mkdtempSync(join(parent, "roomlog-bench-"));
  const file = join(directory, "roomlog.yaml");
  const child = run(file, { port: 0, data: join(directory, "data"), log_level: "warn", ...config });
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

/** The type of the file system that holds a directory, as the kernel names it: `ext4`, `tmpfs` … */
export function fileSystemOf(directory: string): string {
  const path = realpathSync(directory);
  const mounts = readFileSync("/proc/self/mounts", "utf8").trim().split("\n");
  let [best, type] = ["", "unknown"];
  for (const [, point = "", kind = ""] of mounts.map((line) => line.split(" "))) {
    const holds = path === point || path.startsWith(point.endsWith(sep) ? point : point + sep);
    if (holds && point.length >= best.length) [best, type] = [point, kind];
  }
  return type;
}

function run(file: string, config: ConfigInput): Child {
  writeFileSync(file, JSON.stringify(config)); // JSON is YAML
  return spawn(process.execPath, [PROGRAM, "serve", "--config", file], {
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

function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[UTIME]) + Number(fields[STIME])) / ticksPerSecond();
}

let ticks: number | undefined;
function ticksPerSecond(): number {
  ticks ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  return ticks;
}
