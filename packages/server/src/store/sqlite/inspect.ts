import { existsSync } from "node:fs";
import Database from "better-sqlite3";
import { checkLibrary, isCode, openForReading, paths } from "./file.ts";
import { migrations } from "./migrations.ts";

/** The SQLite that is used; throws a `StoreError` when it is too old. */
export function libraryVersion(): string {
  const db = new Database(":memory:");
  const version = db.prepare<[], string>("SELECT sqlite_version()").pluck().get() ?? "";
  db.close();
  checkLibrary(version);
  return version;
}

/** How it stands with a data directory, looked at without changing anything. */
export interface Inspection {
  /** Whether a server has it. */
  readonly isTaken: boolean;
  /** Of the database; 0 when nothing was made in it. */
  readonly schema: number;
  /** The newest that is known here. */
  readonly known: number;
  readonly rooms: number;
  /** Of the newest message, µs since 1970. */
  readonly newest: number | undefined;
  /** What is wrong with the database; undefined when nothing is, or nobody looked. */
  readonly fault: string | undefined;
}

/** `thorough`: reads the whole database. Undefined when there is none. */
export function inspect(
  directory: string,
  { thorough }: { readonly thorough: boolean },
): Inspection | undefined {
  if (!existsSync(paths(directory).database)) return undefined;
  const db = openForReading(directory);
  const isTaken = isLocked(directory);
  const known = migrations.length;
  try {
    const schema = db.pragma("user_version", { simple: true }) as number;
    if (schema === 0 || schema > known)
      return { isTaken, schema, known, rooms: 0, newest: undefined, fault: undefined };
    const checked = thorough ? String(db.pragma("quick_check(1)", { simple: true })) : "ok";
    const counted = db
      .prepare<[], { rooms: number; newest: number | null }>(
        "SELECT count(*) FILTER (WHERE destroyed_at IS NULL) AS rooms, max(last_timestmap) AS newest FROM rooms",
      )
      .get();
    return {
      isTaken,
      schema,
      known,
      rooms: counted?.rooms ?? 0,
      newest: counted?.newest || undefined,
      fault: checked === "ok" ? undefined : checked,
    };
  } finally {
    db.close();
  }
}

/** Whether a process holds the lock of the directory. */
function isLocked(directory: string): boolean {
  const { lock: file } = paths(directory);
  if (!existsSync(file)) return false;
  const lock = new Database(file, { readonly: true, timeout: 0 });
  try {
    lock.prepare("SELECT count(*) FROM sqlite_schema").get();
    return false;
  } catch (error) {
    if (isCode(error, "SQLITE_BUSY")) return true;
    throw error;
  } finally {
    lock.close();
  }
}
