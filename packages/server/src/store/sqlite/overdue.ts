import type Database from "better-sqlite3";
import type { Overdue, OverdueQuery } from "../store.ts";
import { IS_HELD } from "./holds.ts";
import { IN_SLICE, type LifeSlice, LifeSlices } from "./life-slices.ts";
import { FIRST_TIME } from "./rows.ts";

interface Parameters extends LifeSlice {
  /** Infinity without a bound. */
  readonly max_age: number;
  readonly max_messages: number;
  readonly max_bytes: number;
  readonly now: number;
  readonly names_before: number;
}

const strictest = (bound: string) => `min(:${bound}, ifnull(${bound}, :${bound}))`;
const OLDEST_TIME = `(:now - 1e6 * ${strictest("max_age")})`;

/** While a room lives and nothing was dropped from its log, no name can go: most rooms are not asked. */
const HAS_STALE_NAME = `
  (first_id > 1 OR destroyed_at IS NOT NULL) AND (
    SELECT destroyed_at IS NOT NULL OR (name.msg_id < first_id AND name.timestmap < :names_before)
    FROM client_msg_ids AS name INDEXED BY client_msg_ids_by_message
    WHERE name.room_key = rooms.room_key ORDER BY name.msg_id LIMIT 1
  )`;

/** The arithmetic of `retention.ts`, where no row has to leave the database: a look costs about a microsecond. */
const LIVES = `
  SELECT room_id, epoch FROM rooms
  WHERE ${IN_SLICE} AND (
    NOT kept
    OR last_id - first_id + 1 > ${strictest("max_messages")}
    OR bytes > ${strictest("max_bytes")}
    OR (${OLDEST_TIME} > 0 AND ${FIRST_TIME} < ${OLDEST_TIME})
    OR (first_id > last_id AND destroyed_at < ${OLDEST_TIME})
    OR (${HAS_STALE_NAME})
  ) AND NOT ${IS_HELD}
  ORDER BY room_key`;

/** Lives that a trim would change (M13). */
export class OverdueLives {
  readonly #slices: LifeSlices;
  readonly #lives: Database.Statement<[Parameters], Overdue["lives"][number]>;

  constructor(db: Database.Database) {
    this.#slices = new LifeSlices(db);
    this.#lives = db.prepare(LIVES);
  }

  /** Looks at `most` lives of all services, and answers those of one. */
  find({ bounds, ...asked }: OverdueQuery): Overdue {
    const { slice, next } = this.#slices.at(asked);
    const { now, names_before } = bounds;
    const {
      max_age = Number.POSITIVE_INFINITY,
      max_messages = Number.POSITIVE_INFINITY,
      max_bytes = Number.POSITIVE_INFINITY,
    } = bounds.retention;
    return {
      lives: this.#lives.all({ ...slice, max_age, max_messages, max_bytes, now, names_before }),
      next,
    };
  }
}
