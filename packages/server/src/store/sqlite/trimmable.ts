import type Database from "better-sqlite3";
import { type Measured, sliceOf } from "../retention.ts";
import type { TrimmableQuery, Trimmed } from "../store.ts";
import { MEASURED, STATE, type StateRow, stateOf } from "./rows.ts";

/** What trims of a log would drop, counted in slices (M13). */
export class Trimmable {
  readonly #state: Database.Statement<[string, string, string], StateRow>;
  readonly #measured: Database.Statement<[number, number, number], Measured>;
  readonly #count: Database.Transaction<(query: TrimmableQuery) => Trimmed | undefined>;

  constructor(db: Database.Database) {
    this.#state = db.prepare(STATE);
    this.#measured = db.prepare(MEASURED);
    this.#count = db.transaction((query) => this.#slice(query));
  }

  /** Read in one transaction, so that all of it is of the same moment. */
  count(query: TrimmableQuery): Trimmed | undefined {
    return this.#count(query);
  }

  #slice({ service, room_id, epoch, counted, own, ...order }: TrimmableQuery): Trimmed | undefined {
    const row = this.#state.get(service, room_id, epoch);
    if (!row) return undefined;
    const log = stateOf(row);
    const first_id = log.first_id + counted.messages;
    if (row.held === 1) return { first_id, messages: 0, bytes: 0, more: false };
    const retention = own ?? log.retention;
    const left = { ...log, retention, first_id, bytes: log.bytes - counted.bytes };
    return sliceOf(left, order, this.#measured.iterate(row.room_key, first_id, row.room_key));
  }
}
