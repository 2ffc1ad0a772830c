import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import Database from "better-sqlite3";
import type { Chance } from "./chance.ts";

/** One change to a database behind the server's back; says what it was, undefined when it could not be made. */
export type Change = (file: string, chance: Chance) => string | undefined;

type Cell = string | number | Buffer | null;

/** Another value of one byte of the file. */
export const changeByte: Change = (file, chance) => {
  const handle = openSync(file, "r+");
  try {
    const at = chance.below(fstatSync(handle).size);
    const byte = Buffer.alloc(1);
    readSync(handle, byte, 0, 1, at);
    const before = byte[0] as number;
    byte[0] = before ^ (1 + chance.below(255));
    writeSync(handle, byte, 0, 1, at);
    return `byte ${at}: ${before} → ${byte[0]}`;
  } finally {
    closeSync(handle);
  }
};

/** Another value in one column of one row. */
export const updateRow: Change = (file, chance) =>
  within(file, chance, (db, table, row) => {
    const column = chance.one(Object.keys(row));
    const value = otherThan(row[column] as Cell, chance);
    const { where, key } = keyOf(db, table, row);
    db.prepare(`UPDATE "${table}" SET "${column}" = ? WHERE ${where}`).run(value, ...key);
    return `${column} = ${shown(value)}`;
  });

export const deleteRow: Change = (file, chance) =>
  within(file, chance, (db, table, row) => {
    const { where, key } = keyOf(db, table, row);
    db.prepare(`DELETE FROM "${table}" WHERE ${where}`).run(...key);
    return "deleted";
  });

/** A row like another one, under a key that is not there. */
export const insertRow: Change = (file, chance) =>
  within(file, chance, (db, table, row) => {
    const columns = Object.keys(row);
    const changed = { ...row };
    for (const column of primaryKey(db, table))
      if (chance.below(2) === 0) changed[column] = otherThan(row[column] as Cell, chance);
    const marks = columns.map(() => "?").join(", ");
    const named = columns.map((column) => `"${column}"`).join(", ");
    db.prepare(`INSERT INTO "${table}" (${named}) VALUES (${marks})`).run(
      ...columns.map((column) => changed[column]),
    );
    return `inserted ${JSON.stringify(primaryKey(db, table).map((column) => changed[column]))}`;
  });

/** Two rows give each other the value of a column. */
export const swapRows: Change = (file, chance) =>
  within(file, chance, (db, table, row) => {
    const other = anyRow(db, table, chance) as Record<string, Cell>;
    const keys = primaryKey(db, table);
    const free = Object.keys(row).filter((column) => !keys.includes(column));
    if (free.length === 0) return undefined;
    const column = chance.one(free);
    for (const [one, value] of [
      [row, other[column]],
      [other, row[column]],
    ] as const) {
      const { where, key } = keyOf(db, table, one);
      db.prepare(`UPDATE "${table}" SET "${column}" = ? WHERE ${where}`).run(value, ...key);
    }
    return `${column} of two rows`;
  });

/** How SQLite keeps an index of words: what of it searches can see is its vocabulary, and how many words each row has. */
const KEPT_WORDS = /^message_words_(data|idx|docsize|config|content)$/;
const WORDS = `
  CREATE VIRTUAL TABLE temp.places USING fts5vocab (main, message_words, instance);
  CREATE TEMP VIEW sizes AS SELECT id, sz FROM main.message_words_docsize;`;

/** All rows of all tables, in an order of their own: what a reader can see. Undefined when it cannot be read. */
export function dump(file: string): string | undefined {
  const db = new Database(file, { readonly: true });
  try {
    const pragmas = ["user_version", "application_id", "encoding"].map((name) =>
      db.pragma(name, { simple: true }),
    );
    const schema = db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name").all();
    db.exec(WORDS);
    const plain = tablesOf(db).filter((table) => !KEPT_WORDS.test(table));
    const tables = [...plain, "places", "sizes"].map((table) => {
      const rows = db.prepare<[], Cell[]>(`SELECT * FROM "${table}"`).raw().all();
      return rows.map((row) => JSON.stringify(row.map(exact))).sort();
    });
    return JSON.stringify([pragmas, schema, tables]);
  } catch {
    return undefined;
  } finally {
    db.close();
  }
}

function exact(cell: Cell): unknown {
  return Buffer.isBuffer(cell) ? cell.toString("hex") : cell;
}

function within(
  file: string,
  chance: Chance,
  change: (db: Database.Database, table: string, row: Record<string, Cell>) => string | undefined,
): string | undefined {
  const db = new Database(file);
  try {
    db.pragma("foreign_keys = off");
    // The tables of an index of words are guarded otherwise.
    db.unsafeMode();
    const table = chance.one(tablesOf(db));
    const row = anyRow(db, table, chance);
    const what = row && change(db, table, row);
    return what && `${table}: ${what}`;
  } catch (error) {
    // A rule of the table itself forbids it.
    if ((error as { code?: string }).code?.startsWith("SQLITE_CONSTRAINT")) return undefined;
    throw error;
  } finally {
    db.close();
  }
}

function tablesOf(db: Database.Database): string[] {
  const names = db
    .prepare<[], string>(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') ORDER BY name",
    )
    .pluck();
  return names.all().filter((name) => name !== "sqlite_schema");
}

function anyRow(db: Database.Database, table: string, chance: Chance): Record<string, Cell> | undefined {
  const count = db.prepare<[], number>(`SELECT count(*) FROM "${table}"`).pluck().get() as number;
  if (count === 0) return undefined;
  const at = chance.below(count);
  const named = columnsOf(db, table).map(({ name }) => `"${name}"`);
  return db
    .prepare<[number], Record<string, Cell>>(`SELECT ${named.join(", ")} FROM "${table}" LIMIT 1 OFFSET ?`)
    .get(at);
}

/** Those that are made of others are not among them: nobody can write them. */
function columnsOf(db: Database.Database, table: string): { name: string; pk: number }[] {
  return db.pragma(`table_info("${table}")`) as { name: string; pk: number }[];
}

function primaryKey(db: Database.Database, table: string): string[] {
  const columns = columnsOf(db, table);
  const keys = columns.filter(({ pk }) => pk > 0).map(({ name }) => name);
  return keys.length > 0 ? keys : columns.map(({ name }) => name);
}

function keyOf(db: Database.Database, table: string, row: Record<string, Cell>) {
  const keys = primaryKey(db, table);
  return {
    where: keys.map((column) => `"${column}" IS ?`).join(" AND "),
    key: keys.map((column) => row[column]),
  };
}

function otherThan(value: Cell, chance: Chance): Cell {
  if (typeof value === "number") return value + chance.one([1, -1, 1 + chance.below(1000)]);
  if (value === null) return chance.one<Cell>([1, "edit", 5]);
  const bytes = Buffer.from(value as string);
  if (bytes.length === 0) return typeof value === "string" ? "x" : Buffer.from("x");
  const at = chance.below(bytes.length);
  if (typeof value !== "string") {
    bytes[at] = (bytes[at] as number) ^ (1 + chance.below(255));
    return bytes;
  }
  return `${value.slice(0, at)}${value[at] === "q" ? "p" : "q"}${value.slice(at + 1)}`;
}

function shown(value: Cell): string {
  return String(JSON.stringify(exact(value))).slice(0, 60);
}
