import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import Database from "better-sqlite3";
import { StoreError } from "../store.ts";
import { migrations, step } from "./migrations.ts";
import { sumAll } from "./sums.ts";

/** Older ones can corrupt a WAL database when a checkpoint meets a commit (the WAL-reset bug). */
const OLDEST_LIBRARY = "3.51.3";

const PAGE_BYTES = 8192;

/** The first schema of files whose deleted content is overwritten. */
const FIRST_SECURE = 11;

/** To which the write-ahead log is cut back when it begins anew. */
const WAL_BYTES = 16 * 1_048_576;

/** The name of the database in a data directory. */
export const DATABASE = "roomlog.db";

/** Literals, so that they are passed over, and parameters. */
const PARAMETERS = /'[^']*'|\?|:\w+/g;

/**
 * A connection that plans each statement once. SQLite looks at the values that are bound when it plans a statement, and then
 * compiles it anew for every other value (https://www.sqlite.org/c3ref/prepare.html, SQLITE_ENABLE_STAT4), which costs
 * several times what most of ours take to run. It does not look at `+?`, which is the same to it in every other way.
 */
class PlannedOnce extends Database {
  override prepare<Bound extends unknown[] | object = unknown[], Row = unknown>(text: string) {
    const unseen = text.replace(PARAMETERS, (found) => (found.startsWith("'") ? found : `+${found}`));
    return super.prepare<Bound, Row>(unseen);
  }
}

/** Where a data directory keeps what. */
export function paths(directory: string): { readonly database: string; readonly lock: string } {
  return { database: join(directory, DATABASE), lock: join(directory, "roomlog.lock") };
}

/**
 * Takes the data directory for this process: an exclusive transaction held on a small file beside the database.
 * It ends with the process, however that ends.
 */
export function takeLock(directory: string): Database.Database {
  createDirectory(directory);
  const { lock } = paths(directory);
  createPrivate(lock, directory);
  const holder = new Database(lock, { timeout: 0 });
  try {
    holder.exec("BEGIN EXCLUSIVE");
    return holder;
  } catch (cause) {
    holder.close();
    if (!isCode(cause, "SQLITE_BUSY")) throw cause;
    const what = `${directory} is in use by another process. Stop that one, or choose another --data directory.`;
    throw new StoreError("in_use", what, { cause });
  }
}

/** Opens the database for the one writer, brings its schema up to date and checks every setting that durability needs. */
export function openForWriting(directory: string): Database.Database {
  const { database } = paths(directory);
  createPrivate(database, directory);
  const db = new PlannedOnce(database);
  try {
    checkLibrary(db.prepare("SELECT sqlite_version()").pluck().get() as string);
    checkSchema(schemaOf(db), database);
    configure(db);
    migrate(db);
    // What SQLite keeps to take back a statement that fails in the middle.
    db.pragma("temp_store = memory");
    db.pragma("foreign_keys = on");
    return db;
  } catch (cause) {
    db.close();
    throw cause;
  }
}

/** Opens the database for reading beside the writer: it sees what has been committed, and delays nobody. */
export function openForReading(directory: string): Database.Database {
  const db = new PlannedOnce(paths(directory).database, { readonly: true });
  db.pragma("trusted_schema = off");
  return db;
}

/** A database that no writer of this process has opened before: that it is there, and written by this Roomlog. */
export function checkReadable(directory: string): void {
  const { database } = paths(directory);
  if (!existsSync(database))
    throw new StoreError(
      "unavailable",
      `${directory} is not the data directory of a Roomlog: ${database} is not there.`,
    );
  const db = new Database(database, { readonly: true });
  try {
    const version = schemaOf(db);
    checkSchema(version, database);
    if (version === migrations.length) return;
    const what = `${database} was written by an older Roomlog (schema ${version}, this one reads ${migrations.length}). Start the server on it once: that brings it up to date.`;
    throw new StoreError("older_schema", what);
  } finally {
    db.close();
  }
}

export function checkLibrary(version: string): void {
  if (version.localeCompare(OLDEST_LIBRARY, "en", { numeric: true }) >= 0) return;
  const what = `SQLite ${version} can corrupt a database in WAL mode; ${OLDEST_LIBRARY} or newer is needed. Run "npm ci" again to get the library Roomlog was released with.`;
  throw new StoreError("old_library", what);
}

function checkSchema(version: number, database: string): void {
  if (version <= migrations.length) return;
  const what = `${database} was written by a newer Roomlog (schema ${version}, this one knows ${migrations.length}). Upgrade Roomlog, or choose another --data directory.`;
  throw new StoreError("newer_schema", what);
}

function configure(db: Database.Database): void {
  if (schemaOf(db) === 0) {
    db.pragma(`page_size = ${PAGE_BYTES}`);
    db.pragma("auto_vacuum = incremental");
  }
  db.pragma("journal_mode = wal");
  db.pragma("synchronous = full");
  db.pragma(`journal_size_limit = ${WAL_BYTES}`);
  // What is dropped or erased is overwritten (M21).
  db.pragma("secure_delete = on");
  db.pragma("trusted_schema = off");
  const mode = db.pragma("journal_mode", { simple: true });
  const synchronous = db.pragma("synchronous", { simple: true });
  if (mode !== "wal" || synchronous !== 2) {
    const what = `SQLite runs with journal_mode=${mode}, synchronous=${synchronous} instead of wal, 2. Put the data on a local disk.`;
    throw new StoreError("unavailable", what);
  }
}

/**
 * All of it or nothing. Foreign keys are off meanwhile: a table that is made anew is dropped while others refer to it. A file from before
 * `secure_delete` is rewritten as a whole, so that nothing lies in its free space that was dropped earlier (M21).
 */
function migrate(db: Database.Database): void {
  db.pragma("foreign_keys = off");
  const before = schemaOf(db);
  if (before < migrations.length)
    db.transaction(() => {
      for (const migration of migrations.slice(before)) step(db, migration);
      sumAll(db);
      db.pragma(`user_version = ${migrations.length}`);
    })();
  if (before > 0 && before < FIRST_SECURE) db.exec("VACUUM");
}

function schemaOf(db: Database.Database): number {
  return db.pragma("user_version", { simple: true }) as number;
}

/** A new directory is its owner's alone, and known to its parent before anything is written. */
function createDirectory(directory: string): void {
  if (existsSync(directory)) return;
  const parent = dirname(resolve(directory));
  // Not recursive when it need not be: below /proc a recursive mkdir never ends.
  mkdirSync(directory, { recursive: !existsSync(parent), mode: 0o700 });
  sync(parent);
}

/** What is written to a file, or which files a directory has, is on disk. */
export function sync(path: string): void {
  const handle = openSync(path, "r");
  fsyncSync(handle);
  closeSync(handle);
}

/**
 * A new file is readable by its owner alone, and its directory entry is durable before anything is written. One
 * that is there must be writable: SQLite would open it for reading instead, where even an exclusive lock is none.
 */
function createPrivate(file: string, directory: string): void {
  if (existsSync(file)) return accessSync(file, constants.W_OK);
  closeSync(openSync(file, "a", 0o600));
  chmodSync(file, 0o600);
  sync(directory);
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
