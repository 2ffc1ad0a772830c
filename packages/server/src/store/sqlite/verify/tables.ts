import Database from "better-sqlite3";
import { migrations, step } from "../migrations.ts";
import { searchFaults } from "../search-check.ts";
import { wrongSums } from "../sums.ts";
import type { Fault } from "./fault.ts";
import { wordsFileFaults } from "./words-file.ts";

/** Most faults that SQLite tells. */
const MOST_TOLD = 100;

/** Less is no upper half of a key. */
const LEAST_ROOM = -(2 ** 31);

interface SchemaRow {
  readonly name: string;
  readonly sql: string | null;
}

/** Checks what is not of one log: the tables that nothing implies, what refers to rooms, the schema, the file itself. */
export const tableChecks: readonly ((db: Database.Database) => Generator<Fault>)[] = [
  function* sums(db) {
    for (const table of wrongSums(db)) yield { table, what: "rows are not those that the server wrote" };
  },
  function* references(db) {
    for (const { table, parent } of db.pragma("foreign_key_check") as { table: string; parent: string }[])
      yield { table, what: `a row of what is not in ${parent}` };
    yield* strayMessages(db);
  },
  function* search(db) {
    const life = db.prepare<[number | undefined], Pick<Fault, "service" | "room_id" | "epoch">>(
      "SELECT service, room_id, epoch FROM rooms WHERE room_key = ?",
    );
    for (const { room_key, ...fault } of searchFaults(db))
      yield { table: "message_words", ...(room_key !== undefined && life.get(room_key)), ...fault };
    for (const what of wordsFileFaults(db, fresh())) yield { table: "message_words", what };
  },
  function* schema(db) {
    const [expected, found] = [schemaOf(fresh()), schemaOf(db)];
    for (const name of new Set([...expected.keys(), ...found.keys()]))
      if (expected.get(name) !== found.get(name))
        yield { table: name, what: "is not defined as the server defines it" };
  },
  function* file(db) {
    const told = db.pragma(`integrity_check(${MOST_TOLD})`) as { integrity_check: string }[];
    for (const { integrity_check: what } of told) if (what !== "ok") yield { what };
  },
];

/** `messages` has no foreign key, which would need an index for it; a look from room to room is as good. */
function* strayMessages(db: Database.Database): Generator<Fault> {
  const next = db
    .prepare<[number], number>(
      "SELECT room_key FROM messages WHERE message_key >= ? << 32 ORDER BY message_key LIMIT 1",
    )
    .pluck();
  const isThere = db.prepare<[number], number>("SELECT 1 FROM rooms WHERE room_key = ?").pluck();
  for (let key = next.get(LEAST_ROOM); key !== undefined; key = next.get(key + 1))
    if (!isThere.get(key)) yield { table: "messages", what: "a row of what is not in rooms" };
}

/** A database in which the server has just made its tables. */
function fresh(): Database.Database {
  const db = new Database(":memory:");
  for (const migration of migrations) step(db, migration);
  return db;
}

/** What somebody let SQLite count for its planner is nobody's fault. */
function schemaOf(db: Database.Database): Map<string, string | null> {
  const rows = db.prepare<[], SchemaRow>("SELECT name, sql FROM sqlite_schema").all();
  return new Map(
    rows.filter(({ name }) => !name.startsWith("sqlite_stat")).map(({ name, sql }) => [name, sql]),
  );
}
