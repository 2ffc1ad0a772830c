/**
 * What a filter costs (M17): pages of 50 out of a log of 1,000,000 messages, with filters that mean every message, half of them, 1 in 100
 * and none, forwards and backwards from random places, and the same page without a filter. The log is written through the store, without
 * sockets. `max_scan` is the default, so that a page with a rare match is a part of what one would read in several.
 *
 *   node --conditions=source bench/filter.ts [--count 1000000] [--rounds 5] [--data DIR]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SqliteStore } from "../packages/server/src/store/sqlite/index.ts";
import type { Append, MessageQuery, Page } from "../packages/server/src/store/store.ts";
import { median } from "./support/numbers.ts";

const PAGE = 50;
const PAGES_A_ROUND = 20;
const BATCH = 10_000;
const MAX_SCAN = 10_000;
const START = 1_700_000_000_000_000;
const one = { service: "bench", room_id: "one" };

/** By what they mean. Messages are `{"text", "type", "n", "user": {"lang"}}`; `n` goes from 0 to 99 and begins anew. */
const kinds: Readonly<Record<string, Pick<MessageQuery, "where">>> = {
  "no filter": {},
  "every message, by its sender (not parsed)": { where: '{"user_id":{"exists":true}}' },
  "every message, by its body": { where: '{"/n":{"gte":0}}' },
  "1 in 2, a string": { where: '{"type":"question"}' },
  "1 in 2, a comparison": { where: '{"/n":{"lt":50}}' },
  "1 in 100, a number": { where: '{"/n":7}' },
  "1 in 100, a string": { where: '{"/user/lang":"de"}' },
  "1 in 100, by its sender (not parsed)": { where: '{"user_id":"user 7"}' },
  "1 in 100, of five parts": {
    where:
      '{"type":"question","or":[{"/n":7},{"/n":{"in":[107,108]}}],"not":{"/user/lang":{"in":["en","de"]}}}',
  },
  "no message": { where: '{"/n":-1}' },
};

interface Cost {
  readonly cpu: number;
  readonly wall: number;
  readonly found: number;
  readonly examined: number;
}

const { count, rounds, data } = options();
const directory = mkdtempSync(join(data, "roomlog-bench-"));
const store = new SqliteStore(directory);
try {
  await fill();
  console.log(
    `pages of ${PAGE} of ${count.toLocaleString("en")} messages of ${send(7).msg.length} bytes, at most ${MAX_SCAN} examined;`,
  );
  console.log(
    `median of ${rounds} rounds of ${PAGES_A_ROUND}; ${availableParallelism()} CPUs, load ${loadavg()[0]?.toFixed(1)}\n`,
  );
  console.log(
    "| filter | messages found | examined | µs CPU a page | µs wall a page | µs CPU a message examined |",
  );
  console.log("|---|---|---|---|---|---|");
  for (const [name, kind] of Object.entries(kinds)) print(name, await measured(kind));
} finally {
  await store.close();
  rmSync(directory, { recursive: true });
}

async function fill(): Promise<void> {
  await store.open();
  await store.commit([
    { kind: "create_room", ...one, epoch: "e1", info: { class: "chat" }, created_at: START },
  ]);
  for (let from = 0; from < count; from += BATCH) {
    const length = Math.min(BATCH, count - from);
    await store.commit(Array.from({ length }, (_, i) => send(from + i)));
  }
}

function send(i: number): Append {
  const n = i % 100;
  const msg = JSON.stringify({
    text: "x".repeat(60),
    type: n < 50 ? "question" : "answer",
    n,
    user: { lang: n === 57 ? "de" : n % 2 === 0 ? "en" : "fr" },
  });
  const author = { user_id: `user ${n}`, session_id: `session ${n}` };
  return { kind: "append", ...one, ...author, timestmap: START + i * 1000, msg };
}

async function measured(kind: Pick<MessageQuery, "where">): Promise<Cost> {
  const costs: Cost[] = [];
  for (let round = -1; round < rounds; round++) {
    const cost = await measure(kind);
    if (round >= 0) costs.push(cost);
  }
  const of = (value: (cost: Cost) => number) => median(costs.map(value));
  return {
    cpu: of(({ cpu }) => cpu),
    wall: of(({ wall }) => wall),
    found: of(({ found }) => found),
    examined: of(({ examined }) => examined),
  };
}

/** CPU of the process, all its threads. */
async function measure(kind: Pick<MessageQuery, "where">): Promise<Cost> {
  let [cpu, found, examined] = [0, 0, 0];
  const walls: number[] = [];
  for (let i = 0; i < PAGES_A_ROUND; i++) {
    const order = i % 2 === 0 ? "asc" : "desc";
    const at = MAX_SCAN + Math.floor(Math.random() * (count - 2 * MAX_SCAN));
    const [from, before] = [performance.now(), process.cpuUsage()];
    const range = order === "asc" ? { after: at } : { before: at };
    const page = await store.messages({
      ...one,
      order,
      limit: PAGE,
      max_bytes: 1e9,
      max_scan: MAX_SCAN,
      ...range,
      ...kind,
    });
    const { user, system } = process.cpuUsage(before);
    if (!page) throw new Error("there is no page");
    cpu += user + system;
    walls.push((performance.now() - from) * 1000);
    found += page.messages.length;
    examined += Math.abs(lastOf(page) - at);
  }
  return {
    cpu: cpu / PAGES_A_ROUND,
    wall: median(walls),
    found: found / PAGES_A_ROUND,
    examined: examined / PAGES_A_ROUND,
  };
}

function lastOf({ messages, read_to }: Page): number {
  return read_to ?? messages.at(-1)?.msg_id ?? Number.NaN;
}

function print(name: string, { cpu, wall, found, examined }: Cost): void {
  const cells = [found, examined, cpu, wall].map(Math.round);
  console.log(`| ${name} | ${cells.join(" | ")} | ${(cpu / examined).toFixed(2)} |`);
}

function options() {
  const { values } = parseArgs({
    options: {
      count: { type: "string", default: "1000000" },
      rounds: { type: "string", default: "5" },
      data: { type: "string", default: tmpdir() },
    },
  });
  return {
    data: values.data,
    count: Math.max(40_000, Number(values.count) || 0),
    rounds: Math.max(1, Number(values.rounds) || 1),
  };
}
