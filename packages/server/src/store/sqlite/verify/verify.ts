import type Database from "better-sqlite3";
import { checkReadable, openForReading } from "../file.ts";
import type { Fault } from "./fault.ts";
import { LIFE_ROW, LifeCheck, type LifeRow } from "./life.ts";
import { tableChecks } from "./tables.ts";

export type { Fault } from "./fault.ts";

export interface Asked {
  readonly directory: string;
  /** Only the lives of this room; nothing that is not of one log is looked at then. */
  readonly room?: { readonly service: string; readonly room_id: string } | undefined;
  /** How many entries have been gone through, of how many. */
  readonly told: (done: number, all: number) => void;
  readonly found: (fault: Fault) => void;
}

export interface Verified {
  readonly lives: number;
  readonly entries: number;
  readonly faults: number;
}

/** Entries between two that are told of. */
const TOLD_EACH = 1000;

const DAMAGES = ["SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR", "SQLITE_MISMATCH"];

/**
 * Recomputes what a data directory holds (O7), in one snapshot, also while a server writes to it. Nothing is changed, and
 * what is held in memory does not grow with the logs. Throws a `StoreError` when it is no database of this version.
 */
export function verify(asked: Asked): Verified {
  const counted = { lives: 0, entries: 0, faults: 0 };
  const found = (fault: Fault) => {
    counted.faults += 1;
    asked.found(fault);
  };
  unlessDamaged(() => {
    checkReadable(asked.directory);
    const db = openForReading(asked.directory);
    try {
      db.exec("BEGIN");
      unlessDamaged(() => verifyLives(db, { ...asked, found }, counted), found);
      const checks = asked.room ? [] : tableChecks;
      for (const check of checks) unlessDamaged(() => tellAll(check(db), found), found);
    } finally {
      db.close();
    }
  }, found);
  return counted;
}

function verifyLives(
  db: Database.Database,
  { room, told, found }: Asked,
  counted: { lives: number; entries: number },
): void {
  const where = room ? "WHERE service = :service AND room_id = :room_id" : "";
  const parameters = room ? [room] : [];
  const all = db
    .prepare<unknown[], number>(`SELECT total(last_id - first_id + 1) FROM rooms ${where}`)
    .pluck();
  const total = all.get(...parameters) ?? 0;
  const lives = db.prepare<unknown[], LifeRow>(`SELECT ${LIFE_ROW} FROM rooms ${where} ORDER BY room_key`);
  const check = new LifeCheck(db);
  const seen = () => {
    counted.entries += 1;
    if (counted.entries % TOLD_EACH === 0) told(counted.entries, total);
  };
  for (const life of lives.iterate(...parameters)) {
    counted.lives += 1;
    const { service, room_id, epoch } = life;
    const foundIn = (fault: Fault) => found({ service, room_id, epoch, ...fault });
    unlessDamaged(() => tellAll(check.faults(life, seen), foundIn), foundIn);
  }
}

function tellAll(faults: Iterable<Fault>, found: (fault: Fault) => void): void {
  for (const fault of faults) found(fault);
}

/** What SQLite cannot read is a fault of the file, and not of whoever looks. */
function unlessDamaged(look: () => void, found: (fault: Fault) => void): void {
  try {
    look();
  } catch (error) {
    const isDamage = DAMAGES.some((code) => isCodeOf(error, code));
    if (!isDamage) throw error;
    found({ what: `cannot be read: ${(error as Error).message}` });
  }
}

/** Extended codes begin with the plain one. */
function isCodeOf(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith(code);
}
