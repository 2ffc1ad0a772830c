/**
 * What retention costs those who send meanwhile: the time to the answer of paced sends, in turns without background
 * work and while a large log in the same file is being dropped; and what the disk gets back.
 *
 *   node --conditions=source bench/retention.ts [--messages 200000] [--rate 300] [--seconds 8] [--rounds 3]
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Connection } from "@roomlog/client";
import { percentile } from "./support/numbers.ts";
import { startServerProcess } from "./support/server.ts";

const number = (fallback: string) => ({ type: "string", default: fallback }) as const;
const { values } = parseArgs({
  options: { messages: number("200000"), rate: number("300"), seconds: number("8"), rounds: number("3") },
});
const [messages, rate, seconds, rounds] = [
  Number(values.messages),
  Number(values.rate),
  Number(values.seconds),
  Number(values.rounds),
] as const;
const IN_FLIGHT = 256;
const TEXT = "x".repeat(180);

const data = mkdtempSync(join(tmpdir(), "roomlog-retention-"));
const services = { main: { msglog: { sweep_seconds: 0.5 } } };
const server = await startServerProcess({ data, services, limits: { ping_seconds: 0 } }, tmpdir());
try {
  await main();
} finally {
  await server.stop();
  rmSync(data, { recursive: true, force: true });
}

interface Figures {
  readonly p50: number;
  readonly p99: number;
  readonly cpu: number;
}

async function main(): Promise<void> {
  const client = await Connection.connect(server.url);
  await client.call("core/user/login", { user: "sender" });
  await client.call("media/room/create", { class: "chat", room_id: "small" });
  const without: Figures[] = [];
  const during: Figures[] = [];
  let largest = 0;
  for (let round = 0; round < rounds; round++) {
    const room_id = `large ${round}`;
    await client.call("media/room/create", { class: "chat", room_id });
    await fill(client, room_id);
    await sleep(1000);
    without.push(await measure(client));
    largest = Math.max(largest, megabytes());
    await client.call("media/room/update", { room_id, retention: { max_messages: 1 } });
    await sleep(1000);
    const before = (await client.call("media/room/msglog_info", { room_id })).count;
    during.push(await measure(client));
    const after = (await client.call("media/room/msglog_info", { room_id })).count;
    if (before === messages || after === 1)
      console.log(`the work did not last: ${before} to ${after} messages`);
    for (
      let wait = 0;
      wait < 600 && (await client.call("media/room/msglog_info", { room_id })).count > 1;
      wait++
    ) {
      await sleep(200);
    }
  }
  let smallest = megabytes();
  for (let still = 0; still < 10; still++) {
    await sleep(500);
    if (megabytes() < smallest) still = 0;
    smallest = Math.min(smallest, megabytes());
  }
  await client.close();
  const middle = (list: readonly Figures[], name: keyof Figures) =>
    percentile(
      list.map((figures) => figures[name]),
      50,
    );
  const row = (name: string, list: readonly Figures[]) =>
    `| ${name} | ${middle(list, "p50").toFixed(2)} ms | ${middle(list, "p99").toFixed(2)} ms | ${(middle(list, "cpu") * 100).toFixed(0)} % |`;
  console.log(`${rate} sends/s, ${messages} messages to drop, ${rounds} rounds of ${seconds} s; medians`);
  console.log("| | p50 | p99 | CPU |\n|---|---|---|---|");
  console.log(row("without background work", without));
  console.log(row("while a log is dropped", during));
  console.log(`p99 ratio ${(middle(during, "p99") / middle(without, "p99")).toFixed(2)}`);
  console.log(`data directory: ${largest.toFixed(0)} MiB, afterwards ${smallest.toFixed(0)} MiB`);
}

async function fill(client: Connection, room_id: string): Promise<void> {
  let sent = 0;
  const lane = async () => {
    while (sent < messages) {
      sent += 1;
      await client.call("media/room/msglog_send", { room_id, msg: { text: TEXT } });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

async function measure(client: Connection): Promise<Figures> {
  const latencies: number[] = [];
  const cpu = server.cpuSeconds();
  const calls: Promise<unknown>[] = [];
  const began = performance.now();
  for (let n = 0; n < rate * seconds; n++) {
    const due = began + (n * 1000) / rate - performance.now();
    if (due > 0) await sleep(due);
    const at = performance.now();
    const call = client.call("media/room/msglog_send", { room_id: "small", msg: { text: TEXT } });
    calls.push(call.then(() => latencies.push(performance.now() - at)));
  }
  await Promise.all(calls);
  return {
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    cpu: (server.cpuSeconds() - cpu) / seconds,
  };
}

function megabytes(): number {
  const sizes = readdirSync(data).map((file) => statSync(join(data, file)).size);
  return sizes.reduce((sum, size) => sum + size, 0) / 2 ** 20;
}
