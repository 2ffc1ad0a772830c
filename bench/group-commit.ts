/**
 * Group commit pays: one sender with 64 sends in flight gets at least 8 times the acknowledged sends per second
 * of the same server with a batch size of 1. Both are measured in turns in one run, so that a busy machine slows
 * both. Linux only (/proc). Exit code 1 when the ratio is lower.
 *
 *   node --conditions=source bench/group-commit.ts [--rounds 5] [--seconds 2] [--data DIR] [--json]
 */
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { MESSAGE } from "./load/message.ts";
import { diskOf } from "./support/disk.ts";
import { LoadProcess } from "./support/load.ts";
import { median } from "./support/numbers.ts";
import { type ServerProcess, startServerProcess } from "./support/server.ts";

const IN_FLIGHT = 64;
const SHAPE = { kind: "senders", senders: 1, rooms: 1, inFlight: IN_FLIGHT } as const;
/** Most writes in one commit: without group commit, and as it is by default. */
const BATCHES = [1, 1024] as const;
const WANTED_RATIO = 8;
const WARM_UP_SECONDS = 1;

interface Round {
  readonly sendsPerSecond: number;
  readonly cpuMicros: number;
}

/** One setting of the server, its load, and what was measured so far. */
interface Contender {
  readonly batch: number;
  readonly server: ServerProcess;
  readonly load: LoadProcess;
  readonly rounds: Round[];
}

async function contender(batch: number, parent: string): Promise<Contender> {
  const server = await startServerProcess({ store: { batch_writes: batch } }, parent);
  const { url, pid } = server;
  const job = {
    dialect: "roomlog",
    answers: "batched",
    url,
    directory: parent,
    pids: [pid],
    isFilled: false,
  } as const;
  try {
    return { batch, server, load: await LoadProcess.start({ ...job, shape: SHAPE }), rounds: [] };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function measure({ load }: Contender, seconds: number): Promise<Round> {
  const { operations, seconds: elapsed = Number.NaN, server_cpu = Number.NaN } = await load.round(seconds);
  return { sendsPerSecond: operations / elapsed, cpuMicros: (server_cpu * 1e6) / operations };
}

async function compete(contenders: readonly Contender[], rounds: number, seconds: number): Promise<void> {
  for (const one of contenders) await measure(one, WARM_UP_SECONDS);
  for (let round = 0; round < rounds; round++) {
    for (const one of contenders) one.rounds.push(await measure(one, seconds));
  }
}

type Summary = ReturnType<typeof summary>;

function summary({ batch, rounds }: Contender) {
  const sends = rounds.map(({ sendsPerSecond }) => Math.round(sendsPerSecond));
  const cpu = rounds.map(({ cpuMicros }) => Math.round(cpuMicros));
  return {
    batch_writes: batch,
    sends_per_second: median(sends),
    lowest: Math.min(...sends),
    highest: Math.max(...sends),
    cpu_us_per_send: median(cpu),
  };
}

function table(rows: readonly Summary[]): string {
  const heads = ["batch size", "sends/s", "lowest", "highest", "µs CPU/send"];
  const cells = rows.map((row) => Object.values(row).map((value) => value.toLocaleString("en")));
  const line = (texts: readonly string[]) =>
    texts.map((text, i) => text.padStart(Math.max(9, heads[i]?.length ?? 0) + 2)).join("");
  return [heads, ...cells].map(line).join("\n");
}

function options() {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "2" },
      data: { type: "string", default: tmpdir() },
      json: { type: "boolean", default: false },
    },
  });
  const bounded = (text: string, max: number) => Math.min(max, Math.max(1, Number(text) || 1));
  return { ...values, rounds: bounded(values.rounds, 100), seconds: bounded(values.seconds, 60) };
}

const { rounds, seconds, data, json } = options();
const disk = diskOf(data);
const load = Number(loadavg()[0]?.toFixed(1));
const contenders: Contender[] = [];
try {
  for (const batch of BATCHES) contenders.push(await contender(batch, data));
  await compete(contenders, rounds, seconds);
} finally {
  for (const { server, load } of contenders) {
    load.stop();
    await server.stop();
  }
}

const [single, group] = contenders.map(summary) as [Summary, Summary];
const ratio = group.sends_per_second / single.sends_per_second;
if (json) {
  for (const one of [single, group])
    console.log(JSON.stringify({ bench: "group-commit", ...one, disk, load }));
} else {
  console.log(`1 sender, ${IN_FLIGHT} sends in flight, messages of ${MESSAGE.length} bytes`);
  console.log(`${rounds} rounds of ${seconds} s each, data in ${data} (${disk})`);
  console.log(`${availableParallelism()} CPUs, load before the run ${load}\n`);
  console.log(`${table([single, group])}\n`);
  console.log(
    `group commit: ${ratio.toFixed(1)} times the sends per second; wanted: at least ${WANTED_RATIO}`,
  );
}
process.exitCode = ratio < WANTED_RATIO ? 1 : 0;
