import Database from "better-sqlite3";
import { StoreError } from "../store.ts";
import { openForReading, paths, sync } from "./file.ts";

/** How much there is in a database. */
export interface Contents {
  readonly rooms: number;
  readonly messages: number;
  /** UTF-8 bytes of the messages' text. */
  readonly bytes: number;
}

/** Pages that are copied before somebody is told. */
const STEP_PAGES = 4096;

/**
 * Copies the database of a data directory into another directory, as it stands at this moment: also while a server
 * writes to it, which is not delayed. The copy is checked page by page, and counted. Rejects with a `StoreError`.
 */
export async function backUp(
  from: string,
  to: string,
  copied: (pages: number, all: number) => void,
): Promise<Contents> {
  const copy = paths(to).database;
  const source = openForReading(from);
  try {
    return await copyChecked(source, copy, copied);
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const why = (cause as Error).message;
    throw new StoreError(
      "unavailable",
      `${from} cannot be copied: ${why}. Check the space beside the copy, and the data with "roomlog doctor".`,
      { cause },
    );
  } finally {
    source.close();
  }
}

async function copyChecked(
  source: Database.Database,
  copy: string,
  copied: (pages: number, all: number) => void,
): Promise<Contents> {
  // One snapshot for the count and all pages: without it each commit of the server would begin the copy anew.
  source.exec("BEGIN");
  const contents = contentsOf(source);
  await source.backup(copy, {
    progress({ totalPages, remainingPages }) {
      copied(totalPages - remainingPages, totalPages);
      return STEP_PAGES;
    },
  });
  source.exec("COMMIT");
  verify(copy, contents);
  return contents;
}

function contentsOf(db: Database.Database): Contents {
  const rooms = db
    .prepare<[], { rooms: number; bytes: number }>(
      `SELECT count(*) FILTER (WHERE destroyed_at IS NULL) AS rooms, ifnull(sum(bytes), 0) AS bytes FROM rooms`,
    )
    .get();
  const messages = db.prepare<[], number>("SELECT count(*) FROM messages").pluck().get() ?? 0;
  return { rooms: rooms?.rooms ?? 0, bytes: rooms?.bytes ?? 0, messages };
}

/** Reads all of the copy: a disk that lost some of it is found out now, not when it is needed. */
function verify(copy: string, expected: Contents): void {
  const db = new Database(copy);
  try {
    // In one file, so that it can be carried anywhere; a server makes it WAL again.
    db.pragma("journal_mode = delete");
    const faults = db.pragma("integrity_check(1)", { simple: true });
    if (faults !== "ok") throw damaged(copy, String(faults));
    const found = contentsOf(db);
    if (JSON.stringify(found) !== JSON.stringify(expected))
      throw damaged(copy, `it has ${found.messages} messages instead of ${expected.messages}`);
  } finally {
    db.close();
  }
  sync(copy);
}

function damaged(copy: string, why: string): StoreError {
  return new StoreError(
    "unavailable",
    `The copy ${copy} is damaged: ${why}. Check the disk, and the data with roomlog doctor.`,
  );
}
