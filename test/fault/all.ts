/**
 * Runs every fault program, and each of its broken twins, some at a time:
 *
 *     node --conditions=source test/fault/all.ts [--part programs|twins] [--full] [--seed N]
 *
 * Short runs for every change; `--full` runs those that releases are judged by. `--part` runs one half: twins only have to be
 * found out, so they may run beside what takes the machine from them.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { ROOT } from "./frame/root.ts";

interface Cycles {
  readonly short: number;
  readonly full: number;
}

const programs: Readonly<Record<string, Cycles>> = {
  kill: { short: 20, full: 200 },
  "power-cut": { short: 10, full: 60 },
  "failing-calls": { short: 20, full: 200 },
  "full-disk": { short: 2, full: 10 },
  pause: { short: 2, full: 20 },
  clock: { short: 5, full: 20 },
  crowd: { short: 1, full: 6 },
  sse: { short: 5, full: 30 },
  client: { short: 10, full: 150 },
  webhook: { short: 6, full: 100 },
};

/** They wait more than they work. */
const AT_A_TIME = 4;

const running = new Set<ChildProcess>();
// They take their servers and mounts along.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => {
    for (const child of running) child.kill(signal);
    process.exit(1);
  });

const string = { type: "string" } as const;
const { values } = parseArgs({ options: { full: { type: "boolean" }, seed: string, part: string } });
const waiting = [
  ...(values.part === "programs" ? [] : await twinRuns()),
  ...(values.part === "twins" ? [] : programRuns()),
];
const results: { readonly isWell: boolean; readonly line: string }[] = [];
await Promise.all(Array.from({ length: AT_A_TIME }, runWaiting));
console.log(`\n${results.map(({ line }) => line).join("\n")}`);
process.exit(results.every(({ isWell }) => isWell) ? 0 : 1);

function programRuns(): string[][] {
  return Object.entries(programs).map(([name, { short, full }]) => [
    name,
    "--cycles",
    String(values.full ? full : short),
  ]);
}

/** One run for each twin: most wait long for what a broken server does not do. */
async function twinRuns(): Promise<string[][]> {
  const ofEach = Object.keys(programs).map(async (name) => {
    const { out } = await execute([name, "--twin", "list"]);
    return out
      .trim()
      .split("\n")
      .map((twin) => [name, "--twin", twin]);
  });
  return (await Promise.all(ofEach)).flat();
}

async function runWaiting(): Promise<void> {
  for (let args = waiting.shift(); args; args = waiting.shift()) results.push(await run(args));
}

/** What it prints comes as a whole when it has ended. */
async function run([name = "", ...args]: readonly string[]) {
  const seed = values.seed === undefined ? [] : ["--seed", values.seed];
  const began = performance.now();
  const { status, out } = await execute([name, "--built", ...args, ...seed]);
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`\n== ${name} ${args.join(" ")}\n${out}`);
  return {
    isWell: status === 0,
    line: `${status === 0 ? "ok    " : "FAILED"} ${name} ${args.join(" ")}, ${seconds} s`,
  };
}

async function execute([name, ...args]: readonly string[]) {
  const program = join(import.meta.dirname, `${name}.ts`);
  const child = spawn(process.execPath, ["--conditions=source", program, ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("close", () => running.delete(child));
  const [out, err, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { status: status as number | null, out: out + err };
}
