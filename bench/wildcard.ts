/**
 * What a subscriber of all rooms costs the server: nothing for rooms in which it is level, a little for each in which
 * it lags. The server runs in this process, so that its heap can be collected and measured.
 *
 *   node --conditions=source bench/wildcard.ts [--rooms 10000] [--subscribers 20]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Connection } from "@roomlog/client";
import { createServer } from "roomlog";
import { Reader } from "./support/reader.ts";

const number = (fallback: string) => ({ type: "string", default: fallback }) as const;
const { values } = parseArgs({ options: { rooms: number("10000"), subscribers: number("20") } });
const [rooms, subscribers] = [Number(values.rooms), Number(values.subscribers)] as const;
const IN_FLIGHT = 16;
const WINDOW = 256;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const limits = { ping_seconds: 0, answer_seconds: 86_400, stalled_seconds: 86_400, window: WINDOW };
const data = mkdtempSync(join(tmpdir(), "roomlog-wildcard-"));
process.on("exit", () => rmSync(data, { recursive: true, force: true }));
await using server = await createServer({ port: 0, data, limits });
const url = server.urls[0] as string;
const client = await Connection.connect(url);
await client.call("core/user/login", { user: "sender" });
await each(rooms, (n) => client.call("media/room/create", { class: "chat", room_id: `r${n}` }));

const all: Reader[] = [];
for (let n = 0; n < subscribers; n++) {
  all.push(await Reader.connect(url, { user: `u${n}`, pattern: { class: "media", subclass: "room" } }));
}
const start = await heap();
await sendToEach(rooms);
while (all.some(({ events }) => events < rooms)) await sleep(100);
report("a message in every room, level", (await heap()) - start);
for (const reader of all) reader.stall();
await each(WINDOW, () => client.call("media/room/msglog_send", { room_id: "r0", msg: {} }));
for (const lagging of [rooms / 100, rooms]) {
  await sendToEach(lagging);
  report(`a message in ${lagging} rooms, lagging`, (await heap()) - start);
}
for (const reader of all) reader.end();
await client.close();

function report(what: string, bytes: number): void {
  console.log(`${what}: ${(bytes / 1024 / subscribers).toFixed(1)} KiB for each subscriber`);
}

async function sendToEach(count: number): Promise<void> {
  await each(count, (n) => client.call("media/room/msglog_send", { room_id: `r${n}`, msg: {} }));
  await sleep(1000);
}

/** A few at a time. */
async function each(count: number, task: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

async function heap(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    collect();
    await sleep(100);
  }
  return process.memoryUsage().heapUsed;
}
