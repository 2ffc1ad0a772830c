/**
 * How long a start takes with much on the disk: from the start of the process to its ready line.
 *
 *   node --conditions=source bench/restart.ts [--rooms 1000] [--messages 1000] [--rounds 5]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SqliteStore } from "../packages/server/src/store/sqlite/index.ts";
import type { Write } from "../packages/server/src/store/store.ts";
import { percentile } from "./support/numbers.ts";
import { startServerProcess } from "./support/server.ts";

const number = (fallback: string) => ({ type: "string", default: fallback }) as const;
const { values } = parseArgs({
  options: { rooms: number("1000"), messages: number("1000"), rounds: number("5") },
});
const [rooms, messages, rounds] = [
  Number(values.rooms),
  Number(values.messages),
  Number(values.rounds),
] as const;

const data = mkdtempSync(join(tmpdir(), "roomlog-restart-"));
try {
  const empty = await starts(join(data, "empty"));
  await fill(join(data, "full"));
  const full = await starts(join(data, "full"));
  console.log(`${rooms} rooms with ${messages} messages each, ${rounds} starts; median and slowest`);
  for (const [name, times] of [["empty", empty] as const, ["full", full] as const]) {
    console.log(`${name}: ${percentile(times, 50).toFixed(0)} ms, ${Math.max(...times).toFixed(0)} ms`);
  }
} finally {
  rmSync(data, { recursive: true, force: true });
}

async function starts(directory: string): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    const server = await startServerProcess({ data: directory }, tmpdir());
    times.push(performance.now() - began);
    await server.stop();
  }
  return times;
}

async function fill(directory: string): Promise<void> {
  const store = new SqliteStore(directory);
  await store.open();
  for (let room = 0; room < rooms; room++) {
    const key = { service: "main", room_id: `room ${room}` };
    const append: Write = {
      kind: "append",
      ...key,
      user_id: `user ${room % 100}`,
      session_id: `session ${room % 500}`,
      timestmap: 1_700_000_000_000_000 + room,
      msg: JSON.stringify({ text: "x".repeat(100) }),
    };
    await store.commit([
      { kind: "create_room", ...key, epoch: `epoch ${room}`, info: { class: "chat" }, created_at: 1 },
      ...Array.from({ length: messages }, () => append),
    ]);
  }
  await store.close();
}
