/**
 * What a question for what is unread costs the store: a thousand rooms in one call, with few messages in each and with many;
 * and what a mark costs, in batches.
 *
 *   node --conditions=source bench/unread.ts [--rooms 1000] [--few 10] [--many 1000] [--rounds 20]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SqliteStore } from "../packages/server/src/store/sqlite/index.ts";
import type { Append, Write } from "../packages/server/src/store/store.ts";

const number = (fallback: string) => ({ type: "string", default: fallback }) as const;
const { values } = parseArgs({
  options: { rooms: number("1000"), few: number("10"), many: number("1000"), rounds: number("20") },
});
const service = "main";
const user_id = "reader";
const rooms = Array.from({ length: Number(values.rooms) }, (_, i) => `room ${i}`);

const data = mkdtempSync(join(tmpdir(), "roomlog-unread-"));
const store = new SqliteStore(data);
await store.open();
try {
  await store.commit(
    rooms.map((room_id): Write => {
      return { kind: "create_room", service, room_id, epoch: "e", info: { class: "chat" }, created_at: 1 };
    }),
  );
  await grow(Number(values.few));
  const first = await cpuMs(() => markAll(1));
  report(`${rooms.length} marks in one commit`, first / rooms.length, "ms of CPU each");
  for (const [from, to] of [
    [0, Number(values.few)],
    [Number(values.few), Number(values.many)],
  ] as const) {
    if (from > 0) await grow(to - from);
    report(`unread of ${rooms.length} rooms with ${to} messages each`, await asked(), "ms of CPU");
  }
} finally {
  await store.close();
  rmSync(data, { recursive: true, force: true });
}

/** So many messages more in each room, the first with a mention. */
async function grow(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const mentions = n === 0 ? { mentions: [user_id] } : {};
    const append = {
      kind: "append",
      service,
      user_id: "writer",
      session_id: "s",
      timestmap: 1,
      msg: "{}",
    } as const;
    await store.commit(rooms.map((room_id): Append => ({ ...append, room_id, ...mentions })));
  }
}

async function markAll(msg_id: number): Promise<void> {
  await store.commit(
    rooms.map((room_id): Write => ({ kind: "set_mark", service, room_id, user_id, msg_id })),
  );
}

async function asked(): Promise<number> {
  const query = { service, user_id, rooms: rooms.map((room_id) => ({ room_id, all: true })) };
  await store.unread(query);
  const rounds = Number(values.rounds);
  const spent = await cpuMs(async () => {
    for (let i = 0; i < rounds; i++) await store.unread(query);
  });
  return spent / rounds;
}

/** Of all threads. */
async function cpuMs(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function report(what: string, figure: number, unit: string): void {
  console.log(`${what}: ${figure.toFixed(3)} ${unit}`);
}
