/**
 * Group commit pays: one sender with 64 sends in flight gets at least 8 times the acknowledged sends per second
 * of the same server with a batch size of 1. Both are measured in turns in one run, so that a busy machine slows
 * both. Linux only (/proc). Exit code 1 when the ratio is lower.
 *
 *   node --conditions=source bench/group-commit.ts [--rounds 5] [--seconds 2] [--data DIR] [--json]
 */
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { diskOf } from "./support/disk.ts";
import { median } from "./support/numbers.ts";
import { Sender } from "./support/sender.ts";
import { type ServerProcess, startServerProcess } from "./support/server.ts";

const IN_FLIGHT = 64;
const MESSAGE = JSON.stringify({ text: "x".repeat(89) });
/** Most writes in one commit: without group commit, and as it is by default. */
const BATCHES = [1, 1024] as const;
const WANTED_RATIO = 8;
const WARM_UP_SECONDS = 1;
/** From the first send until commits overlap. */
const RAMP_MS = 200;

interface Round {
  readonly sendsPerSecond: number;
  readonly cpuMicros: number;
}

/** One setting of the server, its load, and what was measured so far. */
interface Contender {
  readonly batch: number;
  readonly server: ServerProcess;
  readonly sender: Sender;
  readonly rounds: Round[];
}

async function contender(batch: number, parent: string): Promise<Contender> {
  const server = await startServerProcess({ store: { batch_writes: batch } }, parent);
  const sender = await Sender.connect(server.url, { inFlight: IN_FLIGHT, message: MESSAGE });
  return { batch, server, sender, rounds: [] };
}

async function measure({ server, sender }: Contender, seconds: number): Promise<Round> {
  sender.start();
  await sleep(RAMP_MS);
  const from = { at: performance.now(), acked: sender.acked, cpu: server.cpuSeconds() };
  await sleep(seconds * 1000);
  const elapsed = (performance.now() - from.at) / 1000;
  const acked = sender.acked - from.acked;
  const cpu = server.cpuSeconds() - from.cpu;
  await sender.stop();
  return { sendsPerSecond: acked / elapsed, cpuMicros: (cpu * 1e6) / acked };
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
  for (const { server } of contenders) await server.stop();
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
