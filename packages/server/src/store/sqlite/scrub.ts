import type Database from "better-sqlite3";

/**
 * What was overwritten (`secure_delete`) still lies in the write-ahead log, and in the database until that has been
 * copied into it. Gives back `from` when somebody reads what is to be overwritten, undefined when nothing is left.
 */
export function scrub(db: Database.Database, from: number): number | undefined {
  return isTruncated(db) ? undefined : from;
}

/** Copies the write-ahead log into the database and empties it, without waiting for readers. */
function isTruncated(db: Database.Database): boolean {
  db.pragma("busy_timeout = 0");
  const [result] = db.pragma("wal_checkpoint(truncate)") as { readonly busy: number }[];
  db.pragma("busy_timeout = 5000");
  return result?.busy === 0;
}
