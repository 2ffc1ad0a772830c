/**
 * Search in a room of 1,000,000 messages (M18), made of the lines of a file of real conversation: what a search costs, how
 * large the index is and how long it takes to be made; and what a send costs with search on and off, in turns, with the
 * chunks that are indexed in the writer's thread. CPU is that of the whole process, or of the whole server.
 *
 *   node --conditions=source bench/search.ts --lines ../shared/data/ubuntu-irc.jsonl [--messages 1000000] [--rooms 1]
 *     [--rounds 5] [--seconds 3] [--only store|sends] [--data DIR]
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Connection } from "@roomlog/client";
import { SqliteStore } from "../packages/server/src/store/sqlite/index.ts";
import type { Append, Search, Write } from "../packages/server/src/store/store.ts";
import { median } from "./support/numbers.ts";
import { type ServerProcess, startServerProcess } from "./support/server.ts";

const text = (fallback: string) => ({ type: "string", default: fallback }) as const;
const { values } = parseArgs({
  options: {
    lines: text("../shared/data/ubuntu-irc.jsonl"),
    messages: text("1000000"),
    rooms: text("1"),
    rounds: text("5"),
    seconds: text("3"),
    only: { type: "string" },
    data: text(tmpdir()),
  },
});
const [messages, rooms, rounds, seconds] = [values.messages, values.rooms, values.rounds, values.seconds].map(
  Number,
) as [number, number, number, number];
const lines = readFileSync(values.lines, "utf8").trim().split("\n").map(said);
const SERVICE = "main";
const BATCH = 4096;
const PAGE = 50;
const IN_FLIGHT = 64;
const START = 1_700_000_000_000_000;

/** What is looked for; the words are those of the file. */
const searches: Readonly<Record<string, Omit<Search, "most_unindexed">>> = {
  "a word in 1 of 24,000 messages": { text: "wxvlc" },
  "a word in 1 of 65": { text: "ubuntu" },
  "a word in 1 of 290": { text: "the" },
  "a word in 1 of 8": { text: "you" },
  "two words, 1 of 290 and 1 of 8": { text: "the you" },
  "two words, 1 of 290 and 1 of 24,000": { text: "the wxvlc" },
  "a beginning of many words: `s*`": { text: "s*" },
  "a longer one: `ubu*`": { text: "ubu*" },
  'a phrase: `"how do i"`': { text: '"how do i"' },
  'a phrase that nobody said: `"to the you"`': { text: '"to the you"' },
  "ranked, 1 of 65": { text: "ubuntu", ranked: {} },
  "ranked, 1 of 290": { text: "the", ranked: {} },
  "ranked, 1 of 8, so 10,000 in order": { text: "you", ranked: {} },
  nothing: { text: "qqqzzz" },
};

console.log(
  `${availableParallelism()} CPUs, load ${loadavg()[0]?.toFixed(1)}, Node ${process.versions.node}`,
);
if (values.only !== "sends") await inStore();
if (values.only !== "store") await ofSends();

function said(line: string): { readonly user: string; readonly msg: string } {
  const { user, text } = JSON.parse(line) as { readonly user: string; readonly text: string };
  return { user, msg: JSON.stringify({ text }) };
}

async function inStore(): Promise<void> {
  const directory = mkdtempSync(join(values.data, "roomlog-search-"));
  const store = new SqliteStore(join(directory, "data"));
  await store.open();
  try {
    const filled = await measured(() => fill(store));
    const plain = await bytesIn(store, directory);
    await store.commit([{ kind: "set_search", service: SERVICE, on: true }]);
    const built = await measured(() => build(store));
    const indexed = await bytesIn(store, directory);
    console.log(`${messages} messages in ${rooms} rooms, ${mib(plain)} MiB without an index`);
    console.log(
      `written in ${perMessage(filled)}; index made in ${perMessage(built)}, ${mib(indexed - plain)} MiB`,
    );
    console.log("\n| search, newest 50 | CPU | wall |\n|---|---|---|");
    for (const [name, search] of Object.entries(searches)) await searchOnce(store, name, search);
  } finally {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function fill(store: SqliteStore): Promise<void> {
  const keys = Array.from({ length: rooms }, (_, i) => ({ service: SERVICE, room_id: `r${i}` }));
  await store.commit(
    keys.map((key, i) => ({
      kind: "create_room",
      ...key,
      epoch: `e${i}`,
      info: { class: "chat" },
      created_at: START,
    })),
  );
  for (let from = 0; from < messages; from += BATCH) {
    const count = Math.min(BATCH, messages - from);
    await store.commit(Array.from({ length: count }, (_, i) => append(from + i, keys)));
  }
}

/** The same line comes again and again, in another order each time, with a number that makes it one of its own. */
function append(n: number, keys: readonly { readonly service: string; readonly room_id: string }[]): Append {
  const { user, msg } = lines[(n * 7919 + Math.floor(n / lines.length)) % lines.length] as (typeof lines)[0];
  const key = keys[n % keys.length] as (typeof keys)[0];
  return { kind: "append", ...key, user_id: user, session_id: user, timestmap: START + n, msg };
}

async function build(store: SqliteStore): Promise<void> {
  for (let from: number | undefined = 0; from !== undefined; ) {
    const slice: Write = { kind: "index_messages", service: SERVICE, from, most: 512 };
    const [answer] = await store.commit([slice]);
    from = answer?.kind === "indexed" ? answer.next : undefined;
  }
}

async function searchOnce(store: SqliteStore, name: string, search: Search): Promise<void> {
  const page = { service: SERVICE, room_id: "r0", order: "desc", limit: PAGE, max_bytes: 8e6 } as const;
  const costs: { cpu: number; wall: number }[] = [];
  for (let i = 0; i < 4 + rounds; i++) costs.push(await measured(() => store.messages({ ...page, search })));
  const of = (part: "cpu" | "wall") => (median(costs.slice(4).map((cost) => cost[part])) * 1000).toFixed(2);
  console.log(`| ${name} | ${of("cpu")} ms | ${of("wall")} ms |`);
}

/** Seconds. */
async function measured(
  work: () => Promise<unknown>,
): Promise<{ readonly cpu: number; readonly wall: number }> {
  const [began, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1e6, wall: (performance.now() - began) / 1000 };
}

function perMessage({ cpu, wall }: { readonly cpu: number; readonly wall: number }): string {
  return `${wall.toFixed(0)} s, ${((cpu * 1e6) / messages).toFixed(1)} µs of CPU a message`;
}

/** Of the database, with all that was written in it. */
async function bytesIn(store: SqliteStore, directory: string): Promise<number> {
  await store.tidy();
  const size = (file: string) =>
    statSync(join(directory, "data", file), { throwIfNoEntry: false })?.size ?? 0;
  return size("roomlog.db");
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

/** One sender with 64 sends in flight, as in W1, to a server with search and one without, by turns. */
async function ofSends(): Promise<void> {
  const found: Record<"on" | "off", number[]> = { on: [], off: [] };
  const one = await sender(true);
  const other = await sender(false);
  try {
    for (let round = -1; round < rounds; round++) {
      for (const [name, each] of [
        ["on", one],
        ["off", other],
      ] as const) {
        const cost = await each.cpuOfASend();
        if (round >= 0) found[name].push(cost);
      }
    }
  } finally {
    await one.stop();
    await other.stop();
  }
  const show = (costs: readonly number[]) =>
    `${median(costs).toFixed(1)} µs (${Math.min(...costs).toFixed(1)}–${Math.max(...costs).toFixed(1)})`;
  console.log(
    `\n${rounds} rounds of ${seconds} s in turns, ${IN_FLIGHT} in flight, CPU of the server for a send, median (range)`,
  );
  console.log(
    `with search ${show(found.on)}, without ${show(found.off)}, ratio ${(median(found.on) / median(found.off)).toFixed(2)}`,
  );
}

async function sender(search: boolean) {
  const data = join(mkdtempSync(join(values.data, "roomlog-search-")), "data");
  mkdirSync(data);
  const config = { data, services: { main: { msglog: { search } } }, limits: { ping_seconds: 0 } };
  const server: ServerProcess = await startServerProcess(config, values.data);
  const client = await Connection.connect(server.url);
  await client.call("core/user/login", { user: "sender" });
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  let n = 0;
  const send = () => {
    const { msg } = lines[n++ % lines.length] as (typeof lines)[0];
    return client.call("media/room/msglog_send", { room_id: "r", msg: JSON.parse(msg) });
  };
  return {
    async cpuOfASend() {
      const [until, before, first] = [performance.now() + seconds * 1000, server.cpuSeconds(), n];
      const lane = async () => {
        while (performance.now() < until) await send();
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
      return ((server.cpuSeconds() - before) * 1e6) / (n - first);
    },
    async stop() {
      await client.close();
      await server.stop();
      rmSync(join(data, ".."), { recursive: true, force: true });
    },
  };
}
