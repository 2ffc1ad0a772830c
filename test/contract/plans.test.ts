import Database from "better-sqlite3";
import { expect, onTestFinished, test, vi } from "vitest";
import { openForReading } from "../../packages/server/src/store/sqlite/file.ts";
import { Reader } from "../../packages/server/src/store/sqlite/reader.ts";
import { LifeCheck } from "../../packages/server/src/store/sqlite/verify/life.ts";
import { Writer } from "../../packages/server/src/store/sqlite/writer.ts";
import { MOST_ID } from "../../packages/server/src/store/store.ts";
import { dataDirectory } from "../support/server.ts";
import { chanceOf } from "../verify/chance.ts";
import { writeSample } from "../verify/sample.ts";

/** Tables with a row for each room, message or send: a statement that goes through one is paid for by everybody. */
const LONG = ["rooms", "messages", "client_msg_ids"];

/** What goes through more of one all the same: how the statement begins, where it does, and why it may. */
const WALKS = [
  ["SELECT room_key FROM rooms WHERE room_key >= +?", "rooms (rowid>?)", "no further than a slice"],
  ["SELECT room_id, epoch FROM rooms", "name (room_key=?)", "the oldest name alone"],
  ["SELECT timestmap, octet_length(msg)", "messages (rowid>? AND rowid<?)", "read until a slice is full"],
  ["DELETE FROM authors", "messages (rowid>? AND rowid<?)", "what a slice drops"],
  ["SELECT msg_id, user_id, session_id, timestmap", "messages (rowid>? AND rowid<?)", "verify looks at all"],
  ["SELECT count(*) FILTER", "rooms (service=?)", "once, when the server starts"],
  ["INSERT INTO webhook_cursors", "rooms (service=?)", "once, when a webhook is new"],
  [
    "SELECT msg_id, timestmap FROM client_msg_ids",
    "client_msg_ids (room_key=?)",
    "read until a slice is full",
  ],
  ["DELETE FROM client_msg_ids", "client_msg_ids (room_key=? AND msg_id<?)", "what a slice drops"],
  ["DELETE FROM rooms", "client_msg_ids (room_key=?)", "that nothing is left of it"],
  ["SELECT name.msg_id", "name (room_key=?)", "verify looks at all"],
] as const;

/** A range of keys that goes to an end of its room: that is no bound. */
const OPEN = new RegExp(`max\\((0|${MOST_ID}), 0\\)`);

/** All statements that the threads of the store and `verify` prepare, each once. */
function prepared(directory: string): string[] {
  const prepare = vi.spyOn(Database.prototype, "prepare");
  const [reader, writer, db] = [new Reader(directory), new Writer(directory), openForReading(directory)];
  onTestFinished(() => {
    prepare.mockRestore();
    for (const one of [reader, writer, db]) one.close();
  });
  new LifeCheck(db);
  return [...new Set(prepare.mock.calls.map(([text]) => text.trim().replace(/\s+/g, " ")))];
}

/** Where a statement goes through more of a long table than one message, one user, or what lies between two bounds. */
function walks(db: Database.Database, text: string): string[] {
  const named = [...text.matchAll(/:(\w+)/g)].map(([, name]) => [name, 1]);
  const values = named.length > 0 ? [Object.fromEntries(named)] : Array(text.split("?").length - 1).fill(1);
  const plan = db.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${text}`).all(...values);
  return plan.flatMap(({ detail }) => {
    const [, table, range = ""] = /^(?:SCAN|SEARCH) (\w+)(?:.* \((.*)\))?/.exec(detail) ?? [];
    if (table === undefined) return [];
    const known = new RegExp(`(\\w+) AS ${table}\\b`).exec(text)?.[1] ?? table;
    const isBounded =
      range.includes(">") && range.includes("<") && !(known === "messages" && OPEN.test(text));
    const isOne = /(?<!room_key|service)=/.test(range) || isBounded;
    return LONG.includes(known) && !isOne ? [`${table} (${range})`] : [];
  });
}

test("no statement goes through more of a long table than it says", async () => {
  const directory = dataDirectory();
  await writeSample(directory, chanceOf(1));
  const texts = prepared(directory);
  expect(texts.length).toBeGreaterThan(100);
  const db = openForReading(directory);
  onTestFinished(() => void db.close());
  const found = texts.flatMap((text) => walks(db, text).map((step) => ({ text, step })));
  const isKnown = ({ text, step }: (typeof found)[number]) =>
    WALKS.some(([beginning, where]) => text.startsWith(beginning) && step === where);
  expect(found.filter((one) => !isKnown(one))).toEqual([]);
  // Whatever is listed is there.
  expect(
    WALKS.filter(
      ([beginning, where]) => !found.some(({ text, step }) => text.startsWith(beginning) && step === where),
    ),
  ).toEqual([]);
}, 60_000);
