import type Database from "better-sqlite3";
import { sliceToErase, type Writing } from "../erasures.ts";
import type { ErasableQuery } from "../store.ts";
import { ByAuthor } from "./authors.ts";
import { REFERRING, type StateRow } from "./rows.ts";

const WRITING =
  "SELECT msg_id, user_id, op, ref, changed_by, erased, octet_length(msg) AS bytes FROM messages";

/** Finds what holds a user's words in a log: his entries, and what others did to his messages (M21). */
export class ToErase {
  readonly #byAuthor: ByAuthor<Writing>;
  readonly #changes: Database.Statement<[number, number, number, string, number], Writing>;

  constructor(db: Database.Database) {
    this.#byAuthor = new ByAuthor(db, WRITING);
    this.#changes = db.prepare(
      `${WRITING} ${REFERRING} room_key = ? AND ref = ? AND op IS NOT NULL AND msg_id > ? AND user_id <> ?
       ORDER BY msg_id LIMIT ?`,
    );
  }

  slice(
    log: Pick<StateRow, "room_key" | "first_id" | "last_id">,
    query: Pick<ErasableQuery, "user_id" | "from" | "most">,
  ) {
    const { user_id, from } = query;
    const range = { low: Math.max(from.msg_id, log.first_id), high: log.last_id };
    const own = this.#byAuthor.entries(log, range, { user_id, session_id: undefined }, "asc");
    const changesOf = (msg_id: number, after: number, limit: number) =>
      this.#changes.all(log.room_key, msg_id, after, user_id, limit);
    return sliceToErase({ own, changesOf }, query);
  }
}
