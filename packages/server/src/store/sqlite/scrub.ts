import { closeSync, openSync, readSync } from "node:fs";
import type Database from "better-sqlite3";
import { columnsOf } from "./sums.ts";
import { type Cell, type Leftover, leftoverIn, mostLocal } from "./tree-page.ts";

/** Pages that are looked at in a slice: 512 KiB. */
const SLICE_PAGES = 64;

/** Pages of the search index that are merged in a slice. */
const MERGED_PAGES = 100;

/** A page is filled, or merged with its neighbours and filled again. */
const ROUNDS = 4;

/** By which the parts of a row that say how long it is may grow with it. */
const GROWTH = 6;

/**
 * Takes what was deleted out of a slice of the file's pages. `secure_delete` overwrites what is deleted, but not what SQLite
 * leaves in the unused middle of a page when rows move to a neighbour. So pages with something there are filled: some of
 * their rows grow until they need all of it, and shrink again, by which SQLite overwrites what they leave. Before the first
 * page, in slices below 0, the segments of the search index are merged: until then they have the words of what was deleted.
 * Gives back where the next slice begins, `from` when somebody reads what is to be overwritten just now, undefined
 * behind the last one.
 */
export function scrub(db: Database.Database, from: number): number | undefined {
  if (from <= 0 && !areWordsMerged(db)) return from - 1;
  return scrubPages(db, Math.max(from, 0));
}

/** Merges a slice of the index of `message_words`; whether all of it is one now. */
function areWordsMerged(db: Database.Database): boolean {
  const changes = db.prepare<[], number>("SELECT total_changes()").pluck();
  const before = changes.get() as number;
  db.prepare("INSERT INTO message_words (message_words, rank) VALUES ('merge', ?)").run(-MERGED_PAGES);
  return (changes.get() as number) - before < 2;
}

function scrubPages(db: Database.Database, from: number): number | undefined {
  if (!isTruncated(db)) return from;
  const count = db.pragma("page_count", { simple: true }) as number;
  const end = Math.min(from + SLICE_PAGES, count);
  if (from >= end) return undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const found = leftoversOf(db, from, end);
    if (found.length === 0) break;
    db.transaction(() => new Filling(db).fill(found, round)).immediate();
    if (!isTruncated(db)) return from;
  }
  return end;
}

function leftoversOf(db: Database.Database, from: number, end: number): Leftover[] {
  const size = db.pragma("page_size", { simple: true }) as number;
  const file = openSync(db.name, "r");
  try {
    const bytes = Buffer.alloc(size * (end - from));
    readSync(file, bytes, 0, bytes.length, from * size);
    const pages = Array.from({ length: end - from }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
    return pages.flatMap((page) => leftoverIn(page) ?? []);
  } finally {
    closeSync(file);
  }
}

class Filling {
  readonly #mostLocal: number;
  readonly #grow: Database.Statement<[number, bigint]>;
  readonly #shrink: Database.Statement<[number, bigint]>;
  readonly #copy: Database.Statement<[bigint]>;
  readonly #drop: Database.Statement<[bigint]>;
  readonly #back: Database.Statement<[]>;
  readonly #clear: Database.Statement<[]>;

  constructor(db: Database.Database) {
    this.#mostLocal = mostLocal(db.pragma("page_size", { simple: true }) as number);
    this.#grow = db.prepare("UPDATE messages SET msg = msg || printf('%*s', ?, '') WHERE message_key = ?");
    this.#shrink = db.prepare(
      "UPDATE messages SET msg = substr(msg, 1, length(msg) - ?) WHERE message_key = ?",
    );
    const stored = columnsOf(db, "messages").join(", ");
    db.exec(`CREATE TEMP TABLE IF NOT EXISTS moved AS SELECT ${stored} FROM messages WHERE 0`);
    this.#copy = db.prepare(`INSERT INTO moved SELECT ${stored} FROM messages WHERE message_key = ?`);
    this.#drop = db.prepare("DELETE FROM messages WHERE message_key = ?");
    this.#back = db.prepare(`INSERT INTO messages (${stored}) SELECT ${stored} FROM moved`);
    this.#clear = db.prepare("DELETE FROM moved");
  }

  /** Odd rounds merge what could not be filled. */
  fill(pages: readonly Leftover[], round: number): void {
    for (const page of pages) {
      if (round % 2 === 1) this.#merge(page.cells);
      else this.#fillPage(page);
    }
  }

  #fillPage({ free, cells }: Leftover): void {
    const grown: (Cell & { readonly by: number })[] = [];
    let left = free;
    for (const cell of cells) {
      const by = Math.min(this.#mostLocal - cell.local, left) - GROWTH;
      if (by <= 0) continue;
      this.#grow.run(by, cell.message_key);
      grown.push({ ...cell, by });
      left -= by;
      if (left <= 2 * GROWTH) break;
    }
    for (const { by, message_key } of grown) this.#shrink.run(by, message_key);
  }

  /** What has few rows is joined with its neighbours when they go, and free pages are overwritten. */
  #merge(cells: readonly Cell[]): void {
    for (const { message_key } of cells) this.#copy.run(message_key);
    for (const { message_key } of cells) this.#drop.run(message_key);
    this.#back.run();
    this.#clear.run();
  }
}

/** Copies the write-ahead log into the database and empties it, without waiting for readers. */
function isTruncated(db: Database.Database): boolean {
  db.pragma("busy_timeout = 0");
  const [result] = db.pragma("wal_checkpoint(truncate)") as { readonly busy: number }[];
  db.pragma("busy_timeout = 5000");
  return result?.busy === 0;
}
