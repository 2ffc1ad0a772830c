import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { openForReading } from "../../packages/server/src/store/sqlite/file.ts";
import { SqliteStore } from "../../packages/server/src/store/sqlite/index.ts";
import { searchFaults } from "../../packages/server/src/store/sqlite/search-check.ts";
import type { Append, Write } from "../../packages/server/src/store/store.ts";
import { dataDirectory } from "../support/server.ts";

const one = { service: "main", room_id: "one" };
const on = { kind: "set_search", service: "main", on: true } as const;
const bounds = { retention: {}, now: 0, names_before: 0 };

const create = (room_id: string): Write => ({
  kind: "create_room",
  service: "main",
  room_id,
  epoch: `life of ${room_id}`,
  info: { class: "chat" },
  created_at: 1,
});
const said = (text: string, room_id = "one"): Append => ({
  kind: "append",
  ...one,
  room_id,
  user_id: "ann",
  session_id: "s1",
  timestmap: 1,
  msg: JSON.stringify({ text, more: ["全文検索", "x y"] }),
});
const many = (count: number, room_id = "one") =>
  Array.from({ length: count }, (_, i) => said(`rock ${i} 👍`, room_id));
const trim = (room_id: string, before?: number): Write => ({
  kind: "trim",
  service: "main",
  room_id,
  epoch: `life of ${room_id}`,
  ...(before !== undefined && { before }),
  bounds,
  most: 10_000,
});

/** A store with two rooms in which messages were edited, deleted and dropped; its directory when it is closed. */
async function written(): Promise<string> {
  const directory = dataDirectory();
  const store = new SqliteStore(directory);
  await store.open();
  await store.commit([on, create("one"), create("two"), create("gone"), ...many(600), ...many(300, "two")]);
  const edit = { ...said("edited", "two"), ref: 5, change: { op: "edit", any: true } } as const;
  await store.commit([edit, ...many(300, "two")]);
  await store.commit([
    ...many(300, "gone"),
    { ...said("edited"), ref: 5, change: { op: "edit", any: true } },
  ]);
  await store.commit([{ ...said("why"), ref: 200, change: { op: "delete", any: true } }, trim("one", 100)]);
  const end = {
    kind: "destroy_room",
    service: "main",
    room_id: "gone",
    destroyed_at: 2,
    keep_log: false,
  } as const;
  await store.commit([end, trim("gone", 301), trim("gone")]);
  await store.close();
  return directory;
}

function faultsIn(directory: string) {
  const db = openForReading(directory);
  onTestFinished(() => void db.close());
  return [...searchFaults(db)];
}

function changed(directory: string, sql: string): void {
  const db = new Database(join(directory, "roomlog.db"));
  // The tables of an index are guarded otherwise.
  db.unsafeMode();
  db.exec(sql);
  db.close();
}

test("[M18] the index of words agrees with the messages, whatever became of these", async () => {
  const directory = await written();
  expect(faultsIn(directory)).toEqual([]);
  const db = openForReading(directory);
  const count = db.prepare("SELECT count(*) FROM message_words_docsize").pluck();
  // 512 less 99 that were dropped and one that was deleted; of the other room 512 less the edit.
  expect(count.get()).toBe(412 + 511);
  db.close();
});

test.each([
  ["plain", (i: number) => `rock ${i}`],
  ["without a word here and there", (i: number) => (i % 3 ? "!?" : `rock ${i}`)],
  ["with what stands between strings that are marked together", (i: number) => `rock\0roll ${i}`],
  ["that are too long together to be read at once", (i: number) => `rock ${"roll ".repeat(2000)} ${i}`],
  ["of which each is too long for that", (i: number) => (i < 250 ? "x" : `rock ${"x ".repeat(600_000)}`)],
])(
  "[M18] a chunk of messages is indexed as each of them would be: %s",
  async (_, textOf) => {
    const directory = dataDirectory();
    const store = new SqliteStore(directory);
    await store.open();
    const messages = Array.from({ length: 256 }, (_, i) => ({
      ...said(""),
      msg: JSON.stringify({ text: textOf(i), more: ["x y", 5, null, "", "last one"] }),
    }));
    await store.commit([on, create("one"), ...messages]);
    await store.close();
    expect(faultsIn(directory)).toEqual([]);
    const db = openForReading(directory);
    const count = db.prepare("SELECT count(*) FROM message_words_docsize").pluck();
    expect(count.get()).toBe(256);
    db.close();
  },
  60_000,
);

test.for([
  ['UPDATE messages SET msg = \'{"text":"rocket"}\' WHERE msg_id = 150 AND room_key = 1', [150]],
  ["DELETE FROM message_words WHERE rowid = (1 << 32) | 151", [151]],
  ["INSERT INTO message_words (rowid, words) VALUES ((1 << 32) | 200, '1·back')", [200]],
  ["INSERT INTO message_words (rowid, words) VALUES ((1 << 32) | 3, '1·back')", [3, undefined]],
  ["INSERT INTO message_words_docsize (id, sz) VALUES ((2 << 32) | 301, x'01')", [301]],
  ["INSERT INTO message_words (rowid, words) VALUES ((9 << 32) | 3, '9·stranger')", [undefined]],
  ["UPDATE search_ids SET search_id = 900 WHERE room_key = 1", [undefined]],
  ["DELETE FROM search_ids WHERE room_key = 2", [undefined]],
] as const)("[M18] a check finds: %s", async ([sql, ids]) => {
  const directory = await written();
  changed(directory, sql);
  expect([...new Set(faultsIn(directory).map(({ msg_id }) => msg_id))]).toEqual(ids);
});

test("[M18] a check finds a damaged index", async () => {
  const directory = await written();
  changed(directory, "UPDATE message_words_data SET block = zeroblob(length(block)) WHERE id > 1000");
  expect(faultsIn(directory)[0]?.what).toContain("damaged");
});
