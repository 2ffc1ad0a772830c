/**
 * Workloads side by side: every system is measured in turns in the same run.
 *
 *     npm run bench -- W1 W2 --against limit,socketio,nats
 *         [--rounds 5] [--seconds 2] [--data DIR] [--out FILE] [--json] [--report] [--small] [--answers single] [--cpu-prof DIR]
 *
 * Without names: all workloads; without `--against`: Roomlog alone. Linux only (/proc). README.md beside this file
 * says what is measured and how to read it.
 */

import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { RESULTS, writeReport } from "./report/write.ts";
import { Contender, Host } from "./support/contender.ts";
import { diskOf } from "./support/disk.ts";
import { aligned, figuresOf, type Line, tableOf } from "./support/lines.ts";
import { runHead } from "./support/machine.ts";
import { LATEST, Output } from "./support/output.ts";
import { systemsOf } from "./systems/index.ts";
import { roomlog } from "./systems/roomlog.ts";
import type { System } from "./systems/system.ts";
import { type Case, type Workload, workloadsOf } from "./workloads.ts";

const WARM_UP_SECONDS = 1;

/** A case on a system, ready to be measured. */
interface Entry {
  readonly name: string;
  readonly contender: Contender;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
const options = optionsOf();
const output = new Output(options.out, options.json ? "lines" : "tables");
const systems = systemsOf(options.against).filter((system) => isThere(system));
const { rounds, seconds, size, answers } = options;
output.head(runHead({ systems, disk: diskOf(options.data), rounds, seconds, size, answers }));
for (const workload of options.workloads) {
  output.text(`\n${workload.name}: ${workload.title} (${workload.unit})`);
  const lines = await measured(workload);
  output.text(aligned(tableOf(lines)));
}

if (options.report) writeReport([options.out], RESULTS);

async function measured(workload: Workload): Promise<Line[]> {
  const hosts = new Map<string, Host>();
  const taking = systems.filter((system) => !workload.isOwn || system === roomlog);
  const lines: Line[] = [];
  const entries: Entry[] = [];
  try {
    for (const one of workload.cases) entries.push(...(await entriesOf(one, taking, hosts)));
    for (const { contender } of entries) if (!contender.isFresh) await contender.round(WARM_UP_SECONDS);
    for (let round = 1; round <= rounds; round++) {
      for (const entry of entries) lines.push(await lineOf(workload, entry, round));
    }
  } finally {
    for (const { contender } of entries) await contender.stop();
    for (const host of hosts.values()) await host.remove();
  }
  return lines;
}

async function entriesOf(
  { name, shape, data }: Case,
  taking: readonly System[],
  hosts: Map<string, Host>,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const system of taking.filter(({ kinds }) => kinds.includes(shape.kind))) {
    const key = JSON.stringify([system.name, data]);
    const host = hosts.get(key) ?? (await Host.prepare(system, data, options));
    hosts.set(key, host);
    entries.push({ name, contender: new Contender(host, shape) });
  }
  return entries;
}

async function lineOf(workload: Workload, { name, contender }: Entry, round: number): Promise<Line> {
  const figures = figuresOf(await contender.round(seconds));
  const system = contender.host.system.name;
  const line = {
    workload: workload.name,
    case: name,
    system,
    round,
    at: new Date().toISOString(),
    ...figures,
  };
  output.line(line);
  return line;
}

function isThere(system: System): boolean {
  const why = system.missing();
  if (why !== undefined) output.text(`${system.name} is left out: ${why}`);
  return why === undefined;
}

function optionsOf() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      against: { type: "string", default: "" },
      answers: { type: "string", default: "batched" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "2" },
      data: { type: "string", default: tmpdir() },
      out: { type: "string", default: LATEST },
      json: { type: "boolean", default: false },
      report: { type: "boolean", default: false },
      small: { type: "boolean", default: false },
      "cpu-prof": { type: "string" },
    },
  });
  const size = values.small ? "small" : "whole";
  return {
    ...values,
    answers: values.answers === "single" ? "single" : "batched",
    size,
    workloads: chosen(workloadsOf(size), positionals),
    against: values.against.split(",").filter((name) => name !== ""),
    rounds: bounded(values.rounds, 100),
    seconds: bounded(values.seconds, 60),
    profiles: values["cpu-prof"],
  } as const;
}

function chosen(workloads: readonly Workload[], names: readonly string[]): readonly Workload[] {
  const unknown = names.find((name) => !workloads.some((one) => one.name === name));
  if (unknown === undefined)
    return workloads.filter(({ name }) => names.length === 0 || names.includes(name));
  throw new Error(`There is no workload ${unknown}, only ${workloads.map(({ name }) => name).join(", ")}.`);
}

function bounded(text: string, max: number): number {
  return Math.min(max, Math.max(1, Number(text) || 1));
}
