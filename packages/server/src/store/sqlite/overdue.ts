import type Database from "better-sqlite3";
import type { Overdue, OverdueQuery } from "../store.ts";
import { IS_HELD } from "./holds.ts";
import { FIRST_TIME } from "./rows.ts";

interface Parameters {
  readonly service: string;
  /** Keys of rows; `end` is the first one behind the slice. */
  readonly from: number;
  readonly end: number;
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
  WHERE room_key >= :from AND room_key < :end AND service = :service AND (
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
  readonly #next: Database.Statement<[number, number], number>;
  readonly #lives: Database.Statement<[Parameters], Overdue["lives"][number]>;

  constructor(db: Database.Database) {
    this.#next = db
      .prepare<[number, number], number>(
        "SELECT room_key FROM rooms WHERE room_key >= ? ORDER BY room_key LIMIT 1 OFFSET ?",
      )
      .pluck();
    this.#lives = db.prepare(LIVES);
  }

  /** Looks at `most` lives of all services, so that a look never takes long, and answers those of one. */
  find({ service, bounds, from, most }: OverdueQuery): Overdue {
    const next = this.#next.get(from, most);
    const { now, names_before } = bounds;
    const {
      max_age = Number.POSITIVE_INFINITY,
      max_messages = Number.POSITIVE_INFINITY,
      max_bytes = Number.POSITIVE_INFINITY,
    } = bounds.retention;
    const end = next ?? Number.MAX_SAFE_INTEGER;
    const lives = this.#lives.all({
      service,
      from,
      end,
      max_age,
      max_messages,
      max_bytes,
      now,
      names_before,
    });
    return { lives, next };
  }
}
