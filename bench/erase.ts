/**
 * Erasing a user (M21): how long it takes, what it costs, and how long sends wait beside it.
 *
 *   node --conditions=source bench/erase.ts [--rooms 1000] [--messages 1000000] [--every 10]
 *
 * Every tenth message is the user's. One sender goes on all the while; his delays are told for a time without an erasure too.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Connection } from "@roomlog/client";
import { createServer } from "roomlog";
import { SqliteStore } from "../packages/server/src/store/sqlite/index.ts";
import type { Append } from "../packages/server/src/store/store.ts";

const { values } = parseArgs({
  options: {
    rooms: { type: "string", default: "1000" },
    messages: { type: "string", default: "1000000" },
    every: { type: "string", default: "10" },
  },
});
const [ROOMS, MESSAGES, EVERY] = [values.rooms, values.messages, values.every].map(Number) as [
  number,
  number,
  number,
];
const BATCH = 5000;
const BASELINE_MS = 5000;
const BETWEEN_SENDS_MS = 5;

const data = mkdtempSync(join(tmpdir(), "roomlog-erase-"));
try {
  await seed();
  const size = () => Math.round(statSync(join(data, "roomlog.db")).size / 1_048_576);
  const server = await createServer({ port: 0, data, limits: { ping_seconds: 0 } });
  const [sender, officer] = [await connect("zoe"), await connect("opa")];
  await sender.call("media/room/create", { class: "chat", room_id: "beside" });
  const before = await delays(() => sleep(BASELINE_MS));
  const cpu = process.cpuUsage();
  const started = performance.now();
  let receipt: unknown;
  const beside = await delays(async () => {
    receipt = await officer.call("media/room/msglog_erase_user", { user_id: "ann" });
  });
  const { user, system } = process.cpuUsage(cpu);
  console.log(receipt);
  console.table({
    "time, s": round((performance.now() - started) / 1000),
    "CPU of the process, s": round((user + system) / 1e6),
    "file, MiB": size(),
    ...prefixed("send without, ms: ", before),
    ...prefixed("send beside, ms: ", beside),
  });
  await Promise.all([sender.close(), officer.close()]);
  await server.close();

  async function connect(user: string): Promise<Connection> {
    const connection = await Connection.connect(server.urls[0] as string);
    await connection.call("core/user/login", { user });
    return connection;
  }

  /** Of sends, one after the other, while something goes on. */
  async function delays(task: () => Promise<unknown>): Promise<Record<string, number>> {
    let isOver = false;
    const done = task().finally(() => {
      isOver = true;
    });
    const all: number[] = [];
    while (!isOver) {
      const sent = performance.now();
      await sender.call("media/room/msglog_send", { room_id: "beside", msg: { text: "hello" } });
      all.push(performance.now() - sent);
      await sleep(BETWEEN_SENDS_MS);
    }
    await done;
    all.sort((a, b) => a - b);
    const at = (part: number) => round(all[Math.floor((all.length - 1) * part)] ?? 0);
    return { sends: all.length, p50: at(0.5), p99: at(0.99), longest: at(1) };
  }
} finally {
  rmSync(data, { recursive: true, force: true });
}

/** Rooms in turns, as they would be with many that are alive. */
async function seed(): Promise<void> {
  const store = new SqliteStore(data);
  await store.open();
  const service = "main";
  const room_ids = Array.from({ length: ROOMS }, (_, i) => `room ${i}`);
  await store.commit(
    room_ids.map((room_id) => ({
      kind: "create_room",
      service,
      room_id,
      epoch: `epoch of ${room_id}`,
      info: { class: "chat" },
      created_at: 1,
    })),
  );
  for (let n = 0; n < MESSAGES; n += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, MESSAGES - n) }, (_, i): Append => {
      const at = n + i;
      // By another step than the rooms, so that he is in all of them.
      const isAnn = Math.floor(at / ROOMS + at) % EVERY === 0;
      const user_id = isAnn ? "ann" : `user ${at % 50}`;
      const msg = JSON.stringify({ text: `message ${at} `.padEnd(60 + (at % 80), "lorem ipsum ") });
      const room_id = room_ids[at % ROOMS] as string;
      return { kind: "append", service, room_id, user_id, session_id: user_id, timestmap: at, msg };
    });
    await store.commit(batch);
  }
  await store.close();
}

function prefixed(prefix: string, values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [prefix + key, value]));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
