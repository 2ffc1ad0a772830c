/**
 * A page costs the same however long its log is (M8): pages of 50 out of logs of 10,000, 100,000 and 1,000,000
 * messages, all measured in turns in one run. The logs are written through the store, without sockets. Before each
 * page another room gets a message, as on a server that is in use: SQLite then forgets what it had in memory, so
 * that a short log has no advantage. Exit code 1 when a page of the longest log costs more than twice the CPU of one
 * of the shortest.
 *
 *   node --conditions=source bench/paging.ts [--rounds 9] [--data DIR]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SqliteStore } from "../packages/server/src/store/sqlite/index.ts";
import type { Append, MessageQuery } from "../packages/server/src/store/store.ts";
import { median } from "./support/numbers.ts";

const COUNTS = [10_000, 100_000, 1_000_000];
const PAGE = 50;
const PAGES_A_ROUND = 40;
const BATCH = 10_000;
const USERS = 100;
/** Each user has two, in turn, so that the shortest log has a page of each. */
const SESSIONS = 2 * USERS;
const START = 1_700_000_000_000_000;
/** µs between two messages */
const STEP = 1000;
const WANTED_RATIO = 2;
const one = { service: "bench", room_id: "one" };
const other = { service: "bench", room_id: "other" };
const MESSAGE = JSON.stringify({ text: "x".repeat(89) });

interface Log {
  readonly count: number;
  readonly store: SqliteStore;
}

/** CPU of the process, all its threads, and wall time; µs a page. */
interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

const pick = (end: number) => Math.floor(Math.random() * end);

/** The pages that are measured, by what one does with them. */
const kinds: Readonly<Record<string, (count: number) => Partial<MessageQuery>>> = {
  "the newest messages": () => ({ order: "desc" }),
  "before an id": (count) => ({ order: "desc", before: 1 + PAGE + pick(count - PAGE) }),
  "behind an id": (count) => ({ after: pick(count - PAGE) }),
  "from a time on": (count) => ({ from_time: START + pick(count - PAGE) * STEP }),
  "before a time": (count) => ({ order: "desc", to_time: START + (PAGE + pick(count - PAGE)) * STEP }),
  "by a user, 1 in 100": (count) => ({ user_id: `user ${pick(USERS)}`, after: pick(count >> 1) }),
  "by a session, 1 in 200": () => ({ session_id: sessionOf(pick(SESSIONS)), order: "desc" }),
  "by user and session": () => {
    const i = pick(SESSIONS);
    return { user_id: userOf(i), session_id: sessionOf(i) };
  },
  "by user, from a time on": (count) => ({
    user_id: `user ${pick(USERS)}`,
    from_time: START + pick(count >> 1) * STEP,
  }),
};

const { rounds, data } = options();
const directory = mkdtempSync(join(data, "roomlog-bench-"));
const logs: Log[] = [];
try {
  for (const count of COUNTS) logs.push(await filled(count));
  console.log(
    `pages of ${PAGE} messages of ${MESSAGE.length} bytes, median of ${rounds} rounds of ${PAGES_A_ROUND}`,
  );
  console.log(`${availableParallelism()} CPUs, load ${loadavg()[0]?.toFixed(1)}; µs CPU (µs wall) a page\n`);
  const found = await measureAll();
  print(found);
  process.exitCode = found.every((costs) => ratio(costs) <= WANTED_RATIO) ? 0 : 1;
} finally {
  for (const { store } of logs) await store.close();
  rmSync(directory, { recursive: true });
}

/** A log of `count` messages, one a millisecond. */
async function filled(count: number): Promise<Log> {
  const store = new SqliteStore(join(directory, `${count}`));
  await store.open();
  const room = {
    kind: "create_room",
    ...one,
    epoch: "e1",
    info: { class: "chat" },
    created_at: START,
  } as const;
  await store.commit([room, { ...room, ...other, epoch: "e2" }]);
  for (let from = 0; from < count; from += BATCH) {
    const length = Math.min(BATCH, count - from);
    await store.commit(Array.from({ length }, (_, i) => send(from + i)));
  }
  return { count, store };
}

function send(i: number): Append {
  const author = { user_id: userOf(i), session_id: sessionOf(i) };
  return { kind: "append", ...one, ...author, timestmap: START + i * STEP, msg: MESSAGE };
}

function userOf(i: number): string {
  return `user ${i % USERS}`;
}

function sessionOf(i: number): string {
  return `5f0c0c52-5d0c-4b1e-9d0e-${String(i % SESSIONS).padStart(12, "0")}`;
}

/** By kind and log, the medians of the rounds. */
async function measureAll(): Promise<Cost[][]> {
  const all = Object.values(kinds).map(() => logs.map((): Cost[] => []));
  for (let round = -1; round < rounds; round++) {
    for (const [k, query] of Object.values(kinds).entries()) {
      for (const [l, log] of logs.entries()) {
        const cost = await measure(log, query);
        if (round >= 0) all[k]?.[l]?.push(cost);
      }
    }
  }
  return all.map((costs) => costs.map(medianCost));
}

async function measure(
  { store, count }: Log,
  query: (count: number) => Partial<MessageQuery>,
): Promise<Cost> {
  const walls: number[] = [];
  let cpu = 0;
  for (let i = 0; i < PAGES_A_ROUND; i++) {
    await store.commit([{ ...send(i), ...other }]);
    const [from, before] = [performance.now(), process.cpuUsage()];
    const page = await store.messages({ ...one, order: "asc", limit: PAGE, max_bytes: 1e9, ...query(count) });
    const { user, system } = process.cpuUsage(before);
    cpu += user + system;
    walls.push((performance.now() - from) * 1000);
    if (page?.messages.length !== PAGE) throw new Error(`a page has ${page?.messages.length} messages`);
  }
  return { cpu: cpu / PAGES_A_ROUND, wall: median(walls) };
}

function medianCost(costs: readonly Cost[]): Cost {
  return { cpu: median(costs.map(({ cpu }) => cpu)), wall: median(costs.map(({ wall }) => wall)) };
}

function ratio(costs: readonly Cost[]): number {
  return (costs.at(-1)?.cpu ?? Number.NaN) / (costs[0]?.cpu ?? Number.NaN);
}

function print(found: readonly (readonly Cost[])[]): void {
  const counts = logs.map(({ count }) => count.toLocaleString("en"));
  console.log(`| page | ${counts.join(" | ")} | last : first |\n|---|${"---|".repeat(counts.length + 1)}`);
  for (const [i, name] of Object.keys(kinds).entries()) {
    const costs = found[i] ?? [];
    const cells = costs.map(({ cpu, wall }) => `${Math.round(cpu)} (${Math.round(wall)})`);
    console.log(`| ${name} | ${cells.join(" | ")} | ${ratio(costs).toFixed(2)} |`);
  }
}

function options() {
  const { values } = parseArgs({
    options: { rounds: { type: "string", default: "9" }, data: { type: "string", default: tmpdir() } },
  });
  return { ...values, rounds: Math.min(100, Math.max(1, Number(values.rounds) || 1)) };
}
