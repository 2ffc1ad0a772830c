import type Database from "better-sqlite3";
import type { Hold, SetHold } from "../store.ts";

/** Of all lives of a room id, those to come too; in the place of an epoch, which is never empty. */
const ALL_LIVES = "";

const OF_LIFE = `
  FROM holds WHERE holds.service = rooms.service AND holds.room_id = rooms.room_id
  AND holds.epoch IN ('${ALL_LIVES}', rooms.epoch)`;

/** Whether a row of `rooms` is on hold (M22). */
export const IS_HELD = `EXISTS (SELECT 1 ${OF_LIFE})`;

/** Its hold as JSON; null without one. That of all lives comes first. */
export const HOLD = `(
  SELECT json_object('reason', reason, 'since', since, 'by', held_by) ${OF_LIFE} ORDER BY epoch LIMIT 1
) AS hold`;

export function holdOf(text: string): Hold {
  const { reason, ...hold }: { reason: string | null; since: number; by: string } = JSON.parse(text);
  return { ...(reason !== null && { reason }), ...hold };
}

/** Puts rooms on hold and ends that, inside the writer's transaction. */
export class Holds {
  readonly #set: Database.Statement<[string, string, string, string | null, number, string]>;
  readonly #drop: Database.Statement<[string, string, string]>;
  readonly #release: Database.Statement<[string, string]>;
  readonly #isHeld: Database.Statement<[number], number>;

  constructor(db: Database.Database) {
    this.#set = db.prepare(
      `INSERT INTO holds (service, room_id, epoch, reason, since, held_by) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET reason = excluded.reason`,
    );
    this.#drop = db.prepare("DELETE FROM holds WHERE service = ? AND room_id = ? AND epoch = ?");
    this.#release = db.prepare(
      `UPDATE rooms SET kept = 0 WHERE service = ? AND room_id = ? AND kept = ${KEPT_BY_HOLD} AND NOT ${IS_HELD}`,
    );
    this.#isHeld = db.prepare<[number], number>(`SELECT ${IS_HELD} FROM rooms WHERE room_key = ?`).pluck();
  }

  apply({ service, room_id, epoch = ALL_LIVES, hold }: SetHold): void {
    if (hold) {
      this.#set.run(service, room_id, epoch, hold.reason ?? null, hold.since, hold.by);
      return;
    }
    this.#drop.run(service, room_id, epoch);
    this.#release.run(service, room_id);
  }

  /** What `kept` says of a life that ends now. */
  keptAtEnd(room_key: number, keep_log: boolean): number {
    if (keep_log) return KEPT;
    return this.#isHeld.get(room_key) === 1 ? KEPT_BY_HOLD : 0;
  }
}

const KEPT = 1;
/** The log of a life that ended without being kept can be read as long as its hold lasts. */
const KEPT_BY_HOLD = 2;
