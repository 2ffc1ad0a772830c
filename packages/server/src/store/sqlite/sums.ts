import { hash } from "node:crypto";
import type Database from "better-sqlite3";

/**
 * A sum over the rows of each table that no log implies, so that `verify` finds what somebody else changed there (O7): the
 * hashes of all rows, exclusive-or. The writer's own connection keeps it by triggers that no other one has.
 */

/** What `verify` recomputes from the logs, and the sums themselves. */
const IMPLIED_TABLES = ["messages", "authors", "sums"];

/** Counters of `rooms` that the log implies; they change with each send. */
const IMPLIED_COLUMNS = ["last_id", "last_timestmap", "bytes", "digest"];

/** Nearly every send adds a row here. To be told by the writer itself costs half of what a trigger does. */
const TOLD_ADDITIONS = ["client_msg_ids"];

/** Numbers that SQLite keeps for `AUTOINCREMENT`; no trigger sees them. */
const SEQUENCE = "sqlite_sequence";

const HASH_BYTES = 32;

type Cell = string | number | bigint | Uint8Array | null;

interface Column {
  readonly name: string;
}

/** Keeps the sums, inside the writer's transactions. */
export class Sums {
  readonly #changed = new Map<string, Uint8Array>();
  readonly #sequence: Database.Statement<[], Cell[]>;
  readonly #read: Database.Statement<[string], Uint8Array>;
  readonly #write: Database.Statement<[string, Uint8Array]>;

  constructor(db: Database.Database) {
    this.#sequence = rowsOf(db, SEQUENCE);
    this.#read = db.prepare<[string], Uint8Array>("SELECT sum FROM sums WHERE name = ?").pluck();
    this.#write = db.prepare(
      "INSERT INTO sums (name, sum) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET sum = excluded.sum",
    );
    db.function("roomlog_changed", { varargs: true }, (table: string, ...row: Cell[]) => {
      this.changed(table, row);
      return null;
    });
    // A row that REPLACE takes away counts too.
    db.pragma("recursive_triggers = on");
    for (const table of summedTables(db)) db.exec(triggersOf(table, columnsOf(db, table)));
  }

  /** Writes what has changed; the last thing in a transaction. */
  save(): void {
    if (this.#changed.size === 0) return;
    for (const [table, change] of this.#changed) {
      const sum = this.#read.get(table) ?? new Uint8Array(HASH_BYTES);
      this.#write.run(
        table,
        change.map((byte, i) => byte ^ (sum[i] as number)),
      );
    }
    this.#changed.clear();
    this.#write.run(SEQUENCE, sumOf(SEQUENCE, this.#sequence.iterate()));
  }

  /** A row was added or taken away: for tables in `TOLD_ADDITIONS` by who did it, else by the triggers. */
  changed(table: string, row: readonly Cell[]): void {
    const change = this.#changed.get(table) ?? new Uint8Array(HASH_BYTES);
    add(change, hashOf(table, row));
    this.#changed.set(table, change);
  }
}

/** Writes the sums of all that is there: after a change of the schema. */
export function sumAll(db: Database.Database): void {
  const write = db.prepare("INSERT INTO sums (name, sum) VALUES (?, ?)");
  db.exec("DELETE FROM sums");
  for (const table of allSummed(db)) write.run(table, recomputed(db, table));
}

/** The tables whose rows are not those that the server wrote. */
export function* wrongSums(db: Database.Database): Generator<string> {
  const rows = db.prepare<[], [string, Buffer]>("SELECT name, sum FROM sums").raw();
  const kept = new Map(rows.all());
  for (const table of allSummed(db)) {
    if (!kept.get(table)?.equals(recomputed(db, table))) yield table;
    kept.delete(table);
  }
  // A sum of what is no table.
  if (kept.size > 0) yield "sums";
}

function allSummed(db: Database.Database): string[] {
  return [...summedTables(db), SEQUENCE];
}

/** Of virtual tables what they hold is known to them alone. */
function summedTables(db: Database.Database): string[] {
  const names = db
    .prepare<[], string>(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name",
    )
    .pluck();
  return names.all().filter((name) => !name.startsWith("sqlite_") && !IMPLIED_TABLES.includes(name));
}

/** What a table stores, but for what the logs imply: no columns that are made of others. */
export function columnsOf(db: Database.Database, table: string): string[] {
  const columns = db.pragma(`table_info(${table})`) as Column[];
  const implied = table === "rooms" ? IMPLIED_COLUMNS : [];
  return columns.map(({ name }) => name).filter((name) => !implied.includes(name));
}

/** Temporary, so they are this connection's alone: a table of triggers in the file would bind other programs too. */
function triggersOf(table: string, columns: readonly string[]): string {
  const changed = (row: "OLD" | "NEW") =>
    `SELECT roomlog_changed('${table}', ${columns.map((column) => `${row}."${column}"`).join(", ")});`;
  const named = columns.map((column) => `"${column}"`).join(", ");
  const added = `CREATE TEMP TRIGGER ${table}_added AFTER INSERT ON main.${table} BEGIN ${changed("NEW")} END;`;
  return `
    ${TOLD_ADDITIONS.includes(table) ? "" : added}
    CREATE TEMP TRIGGER ${table}_removed AFTER DELETE ON main.${table} BEGIN ${changed("OLD")} END;
    CREATE TEMP TRIGGER ${table}_changed AFTER UPDATE OF ${named} ON main.${table}
    BEGIN ${changed("OLD")} ${changed("NEW")} END;`;
}

function recomputed(db: Database.Database, table: string): Uint8Array {
  return sumOf(table, rowsOf(db, table).iterate());
}

function rowsOf(db: Database.Database, table: string): Database.Statement<[], Cell[]> {
  const named = columnsOf(db, table).map((column) => `"${column}"`);
  return db.prepare<[], Cell[]>(`SELECT ${named.join(", ")} FROM ${table}`).raw();
}

function sumOf(table: string, rows: Iterable<readonly Cell[]>): Uint8Array {
  const sum = new Uint8Array(HASH_BYTES);
  for (const row of rows) add(sum, hashOf(table, row));
  return sum;
}

/** As a string of bytes: to get a Buffer takes longer than to hash. */
function hashOf(table: string, row: readonly Cell[]): string {
  const cells = row.map((cell) => (cell instanceof Uint8Array ? [Buffer.from(cell).toString("hex")] : cell));
  return hash("sha256", JSON.stringify([table, ...cells]), "binary");
}

function add(sum: Uint8Array, hash: string): void {
  for (let i = 0; i < HASH_BYTES; i++) sum[i] = (sum[i] as number) ^ hash.charCodeAt(i);
}
