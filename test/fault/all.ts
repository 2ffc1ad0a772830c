/**
 * Runs every fault program, and each of its broken twins, one after the other:
 *
 *     node --conditions=source test/fault/all.ts [--full] [--seed N]
 *
 * Short runs for every change; `--full` runs those that releases are judged by.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
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
};

const { values } = parseArgs({ options: { full: { type: "boolean" }, seed: { type: "string" } } });
const results = Object.entries(programs).flatMap(([name, { short, full }]) => [
  run(name, ["--cycles", String(values.full ? full : short)]),
  run(name, ["--twin", "all"]),
]);
console.log(`\n${results.map(({ line }) => line).join("\n")}`);
process.exit(results.every(({ isWell }) => isWell) ? 0 : 1);

function run(name: string, args: readonly string[]) {
  const program = join(import.meta.dirname, `${name}.ts`);
  const seed = values.seed === undefined ? [] : ["--seed", values.seed];
  const began = performance.now();
  console.log(`\n== ${name} ${args.join(" ")}`);
  const { status } = spawnSync(
    process.execPath,
    ["--conditions=source", program, "--built", ...args, ...seed],
    {
      cwd: ROOT,
      stdio: "inherit",
    },
  );
  const seconds = Math.round((performance.now() - began) / 1000);
  const line = `${status === 0 ? "ok    " : "FAILED"} ${name} ${args.join(" ")}, ${seconds} s`;
  return { isWell: status === 0, line };
}
