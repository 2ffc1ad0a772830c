import type Database from "better-sqlite3";
import { isForgotten, isStale, type Measured, sliceOf } from "../retention.ts";
import type { Bounds, Overdue, OverdueQuery, TrimmableQuery, Trimmed } from "../store.ts";
import { FIRST_TIME, MEASURED, ONE_STATE, STATE, type StateRow, stateOf } from "./rows.ts";

/** A life, the time of its oldest message and the oldest name of a send that it may have to forget. */
interface Suspect extends StateRow {
  readonly service: string;
  readonly room_id: string;
  readonly epoch: string;
  readonly first_time: number | null;
  readonly name_id: number | null;
  readonly name_time: number | null;
}

/** While a room lives and nothing was dropped from its log, no name can go. */
const oldestName = (column: string) => `
  CASE WHEN first_id > 1 OR destroyed_at IS NOT NULL THEN (
    SELECT ${column} FROM client_msg_ids INDEXED BY client_msg_ids_by_message
    WHERE client_msg_ids.room_key = rooms.room_key ORDER BY msg_id LIMIT 1
  ) END`;

const SUSPECTS = `
  SELECT
    service, room_id, epoch, ${STATE}, ${FIRST_TIME},
    ${oldestName("msg_id")} AS name_id, ${oldestName("timestmap")} AS name_time
  FROM rooms WHERE room_key >= ? ORDER BY room_key LIMIT ?`;

/** What trims would drop (M13). */
export class Doomed {
  readonly #suspects: Database.Statement<[number, number], Suspect>;
  readonly #state: Database.Statement<[string, string, string], StateRow>;
  readonly #measured: Database.Statement<[number, number], Measured>;
  readonly #trimmable: Database.Transaction<(query: TrimmableQuery) => Trimmed | undefined>;

  constructor(db: Database.Database) {
    this.#suspects = db.prepare(SUSPECTS);
    this.#state = db.prepare(ONE_STATE);
    this.#measured = db.prepare(MEASURED);
    this.#trimmable = db.transaction((query) => this.#slice(query));
  }

  /** A slice of the lives of all services, of which those of one are answered. */
  overdue({ service, bounds, from, most }: OverdueQuery): Overdue {
    const found = this.#suspects.all(from, most + 1);
    const lives = found
      .slice(0, most)
      .filter((one) => one.service === service && isOverdue(one, bounds))
      .map(({ room_id, epoch }) => ({ room_id, epoch }));
    return { lives, next: found[most]?.room_key };
  }

  trimmable(query: TrimmableQuery): Trimmed | undefined {
    return this.#trimmable(query);
  }

  #slice({ service, room_id, epoch, counted, own, ...order }: TrimmableQuery): Trimmed | undefined {
    const row = this.#state.get(service, room_id, epoch);
    if (!row) return undefined;
    const log = stateOf(row);
    const first_id = log.first_id + counted.messages;
    const retention = own ?? log.retention;
    const left = { ...log, retention, first_id, bytes: log.bytes - counted.bytes };
    return sliceOf(left, order, this.#measured.iterate(row.room_key, first_id));
  }
}

function isOverdue({ first_time, name_id, name_time, ...row }: Suspect, bounds: Bounds): boolean {
  const log = stateOf(row);
  const oldest = first_time === null ? [] : [{ timestmap: first_time, bytes: 0 }];
  if (sliceOf(log, { bounds, most: 0 }, oldest).more) return true;
  if (name_id !== null && name_time !== null) {
    if (isStale({ msg_id: name_id, timestmap: name_time }, log, bounds)) return true;
  }
  return isForgotten(log, { bounds });
}
