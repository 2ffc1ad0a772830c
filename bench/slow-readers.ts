/**
 * What subscribers that never read cost the others: a room with many subscribers, in turns without and with some
 * that read nothing (and are not closed for it here: `answer_seconds` and `stalled_seconds` are out of reach).
 *
 *   node --conditions=source bench/slow-readers.ts [--subscribers 1000] [--slow 100] [--rate 20] [--seconds 10] [--rounds 3]
 *
 * Prints the latency from the send to the event at the others, and what the server's memory grew by for each slow
 * one. Linux only (/proc). Exit code 1 when p99 is more than doubled or memory grows by more than 1.1 MiB each.
 */
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Connection } from "@roomlog/client";
import { percentile } from "./support/numbers.ts";
import { Reader } from "./support/reader.ts";
import { startServerProcess } from "./support/server.ts";

const number = (fallback: string) => ({ type: "string", default: fallback }) as const;
const { values } = parseArgs({
  options: {
    subscribers: number("1000"),
    slow: number("100"),
    rate: number("20"),
    seconds: number("10"),
    rounds: number("3"),
    bytes: number("4000"),
  },
});
const [subscribers, slow, rate, seconds, rounds, bytes] = [
  values.subscribers,
  values.slow,
  values.rate,
  values.seconds,
  values.rounds,
  values.bytes,
].map(Number) as [number, number, number, number, number, number];
const MOST_P99_RATIO = 2;
const MOST_MIB_EACH = 1.1;
const room_id = "hall";
const text = "x".repeat(bytes);

const server = await startServerProcess(
  { limits: { answer_seconds: 86_400, stalled_seconds: 86_400, ping_seconds: 0 } },
  tmpdir(),
);
try {
  process.exitCode = (await main()) ? 0 : 1;
} finally {
  await server.stop();
}

async function main(): Promise<boolean> {
  const sender = await Connection.connect(server.url);
  await sender.call("core/user/login", { user: "sender" });
  await sender.call("media/room/create", { class: "chat", room_id });
  let latencies: number[] = [];
  const onEvent = (event: string) =>
    latencies.push(performance.now() - Number(/"at":([\d.]+)/.exec(event)?.[1]));
  const readers: Reader[] = [];
  for (let i = 0; i < subscribers - slow; i++) {
    readers.push(await Reader.connect(server.url, { user: `reader ${i}`, room_id, onEvent }));
  }
  const measure = async () => {
    latencies = [];
    const expected = rate * seconds * readers.length;
    for (let i = 0; i < rate * seconds; i++) {
      const due = sleep(1000 / rate);
      await sender.call("media/room/msglog_send", { room_id, msg: { at: performance.now(), text } });
      await due;
    }
    for (let wait = 0; wait < 100 && latencies.length < expected; wait++) await sleep(100);
    if (latencies.length !== expected) throw new Error(`${latencies.length} events instead of ${expected}`);
    return { p50: percentile(latencies, 50), p99: percentile(latencies, 99) };
  };
  await measure();
  const without: { p50: number; p99: number }[] = [];
  const beside: { p50: number; p99: number; mib: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    without.push(await measure());
    const before = rssMiB();
    const stalled: Reader[] = [];
    for (let i = 0; i < slow; i++) {
      const reader = await Reader.connect(server.url, { user: `slow ${round}.${i}`, room_id });
      reader.stall();
      stalled.push(reader);
    }
    const figures = await measure();
    beside.push({ ...figures, mib: (rssMiB() - before) / slow });
    const users = Object.keys(await sender.call("core/user/list", {}));
    if (users.filter((user) => user.startsWith("slow")).length !== slow)
      throw new Error("a slow reader was closed");
    for (const reader of stalled) reader.end();
    await sleep(1000);
  }
  for (const reader of readers) reader.end();
  await sender.close();
  const middle = (list: readonly number[]) => percentile(list, 50);
  const ratio = middle(beside.map(({ p99 }) => p99)) / middle(without.map(({ p99 }) => p99));
  const mib = middle(beside.map(({ mib }) => mib));
  const row = (name: string, figures: readonly { p50: number; p99: number }[]) =>
    `| ${name} | ${middle(figures.map(({ p50 }) => p50)).toFixed(1)} ms | ${middle(figures.map(({ p99 }) => p99)).toFixed(1)} ms |`;
  console.log(
    `${subscribers - slow} readers, ${slow} that never read, ${rate} messages/s of ${bytes} bytes, ${rounds} rounds of ${seconds} s; medians`,
  );
  console.log("| | p50 | p99 |\n|---|---|---|");
  console.log(row("without the slow ones", without));
  console.log(row("beside them", beside));
  console.log(
    `p99 ratio ${ratio.toFixed(2)} (at most ${MOST_P99_RATIO}), memory ${mib.toFixed(2)} MiB for each slow one (at most ${MOST_MIB_EACH})`,
  );
  return ratio <= MOST_P99_RATIO && mib <= MOST_MIB_EACH;
}

function rssMiB(): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}
