import type Database from "better-sqlite3";

/** Given back at a time, a few milliseconds of work: 512 KiB. */
const SLICE_PAGES = 64;

/** Kept for the next messages, so that a log that loses as much as it gains moves no pages: 1 MiB. */
const RESERVE_PAGES = 128;

/**
 * Gives free pages at the end of the file back to the disk; whether there are more. The file shrinks when the
 * write-ahead log has been copied into it, which is tried after the last slice and waits for no reader. A file that
 * was made without `auto_vacuum` gives nothing back.
 */
export function giveBack(db: Database.Database): boolean {
  const free = () => Number(db.pragma("freelist_count", { simple: true })) - RESERVE_PAGES;
  const before = free();
  if (before <= 0) return false;
  db.pragma(`incremental_vacuum(${Math.min(before, SLICE_PAGES)})`);
  const after = free();
  if (after > 0 && after < before) return true;
  if (after < before) db.pragma("wal_checkpoint(passive)");
  return false;
}
