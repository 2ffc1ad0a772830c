/**
 * Workloads side by side: every system is measured in turns in the same run.
 *
 *     npm run bench -- W1 W2 [--rounds 5] [--seconds 2] [--data DIR] [--json] [--cpu-prof DIR]
 *
 * Without names: all workloads. Linux only (/proc). README.md beside this file says how to read it.
 */
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { Contender } from "./support/contender.ts";
import { diskOf } from "./support/disk.ts";
import { type Line, lineOf, table } from "./support/lines.ts";
import { roomlog } from "./systems/roomlog.ts";
import type { System } from "./systems/system.ts";
import { type Workload, workloads } from "./workloads.ts";

const WARM_UP_SECONDS = 1;

const options = optionsOf();
const systems: readonly System[] = [roomlog];
const disk = diskOf(options.data);
const print = (text: string) => options.json || console.log(text);

print(
  `${availableParallelism()} × ${cpus()[0]?.model}, load before ${loadavg()[0]?.toFixed(1)}, data on ${disk}`,
);
print(`${options.rounds} rounds of ${options.seconds} s each: median (lowest – highest)`);
for (const workload of options.workloads) {
  print(`\n${workload.name}: ${workload.title}`);
  const lines = await measured(workload);
  print(table(lines, workload.unit));
}

async function measured(workload: Workload): Promise<Line[]> {
  const contenders: Contender[] = [];
  const lines: Line[] = [];
  try {
    for (const system of systems) contenders.push(await Contender.start(system, workload.shape, options));
    for (const one of contenders) await one.round(WARM_UP_SECONDS);
    for (let round = 1; round <= options.rounds; round++) {
      for (const one of contenders) {
        const line = lineOf(workload.name, one.system, round, await one.round(options.seconds));
        if (options.json) console.log(JSON.stringify(line));
        lines.push(line);
      }
    }
  } finally {
    for (const one of contenders) await one.stop();
  }
  return lines;
}

function optionsOf() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "2" },
      data: { type: "string", default: tmpdir() },
      json: { type: "boolean", default: false },
      "cpu-prof": { type: "string" },
    },
  });
  return {
    workloads: chosen(positionals),
    rounds: bounded(values.rounds, 100),
    seconds: bounded(values.seconds, 60),
    data: values.data,
    json: values.json,
    profiles: values["cpu-prof"],
  };
}

function chosen(names: readonly string[]): readonly Workload[] {
  const unknown = names.find((name) => !workloads.some((one) => one.name === name));
  if (unknown === undefined)
    return names.length === 0 ? workloads : workloads.filter(({ name }) => names.includes(name));
  throw new Error(`There is no workload ${unknown}, only ${workloads.map(({ name }) => name).join(", ")}.`);
}

function bounded(text: string, max: number): number {
  return Math.min(max, Math.max(1, Number(text) || 1));
}
