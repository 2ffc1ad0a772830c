import type Database from "better-sqlite3";
import { isForgotten, isStale, type LogState, type Measured, sliceOf } from "../retention.ts";
import type { Trim, Written } from "../store.ts";
import type { AuthorIndex } from "./authors.ts";
import { MESSAGES, messageKey } from "./message-key.ts";
import { MEASURED, STATE, type StateRow, stateOf } from "./rows.ts";
import type { SearchIndex } from "./search-index.ts";

interface Name {
  readonly msg_id: number;
  readonly timestmap: number;
}

interface Shortened {
  readonly room_key: number;
  readonly first_id: number;
  readonly bytes: number;
}

/** Drops messages from the low end of logs, and what goes with them (M13). Runs inside the writer's transaction. */
export class Trims {
  readonly #authors: AuthorIndex;
  readonly #search: SearchIndex;
  readonly #state: Database.Statement<[string, string, string], StateRow>;
  readonly #measured: Database.Statement<[number, number, number], Measured>;
  readonly #drop: Database.Statement<[number, number, number, number]>;
  /** What else is known of messages. */
  readonly #dropOthers: readonly Database.Statement<[number, number]>[];
  readonly #shorten: Database.Statement<[Shortened]>;
  readonly #names: Database.Statement<[number], Name>;
  readonly #forgetNames: Database.Statement<[number, number]>;
  /** What belongs to a life, and it itself. */
  readonly #forgetLife: readonly Database.Statement<[number]>[];

  constructor(db: Database.Database, authors: AuthorIndex, search: SearchIndex) {
    this.#authors = authors;
    this.#search = search;
    this.#state = db.prepare(STATE);
    this.#measured = db.prepare(MEASURED);
    this.#drop = db.prepare(`DELETE FROM messages WHERE ${MESSAGES}`);
    this.#dropOthers = ["mentions", "changes"].map((table) =>
      db.prepare(`DELETE FROM ${table} WHERE room_key = ? AND msg_id < ?`),
    );
    this.#shorten = db.prepare(
      `UPDATE rooms SET first_id = :first_id, bytes = :bytes, (base_digest, base_timestmap) = (
         SELECT digest, timestmap FROM messages WHERE message_key = ${messageKey(":room_key", ":first_id - 1")}
       ) WHERE room_key = :room_key`,
    );
    this.#names = db.prepare(
      `SELECT msg_id, timestmap FROM client_msg_ids INDEXED BY client_msg_ids_by_message
       WHERE room_key = ? ORDER BY msg_id`,
    );
    this.#forgetNames = db.prepare(
      "DELETE FROM client_msg_ids INDEXED BY client_msg_ids_by_message WHERE room_key = ? AND msg_id <= ?",
    );
    const tables = ["search_ids", "webhook_cursors", "schemas", "marks", "standings", "room_access", "rooms"];
    this.#forgetLife = tables.map((table) => db.prepare(`DELETE FROM ${table} WHERE room_key = ?`));
  }

  /** At most `most` messages and as many names. */
  trim(trim: Trim): Written {
    const row = this.#state.get(trim.service, trim.room_id, trim.epoch);
    if (!row) return { kind: "refused", reason: "epoch_not_found" };
    if (row.held === 1) return { kind: "refused", reason: "on_hold" };
    const { room_key, first_id, bytes } = row;
    const trimmed = sliceOf(stateOf(row), trim, this.#measured.iterate(room_key, first_id, room_key));
    const log = { ...stateOf(row), first_id: trimmed.first_id, bytes: bytes - trimmed.bytes };
    if (trimmed.messages > 0) {
      this.#authors.shortened(room_key, log.first_id);
      this.#search.shortened(room_key, first_id, log.first_id);
      this.#shorten.run({ room_key, first_id: log.first_id, bytes: log.bytes });
      this.#drop.run(room_key, first_id, room_key, log.first_id - 1);
      for (const drop of this.#dropOthers) drop.run(room_key, log.first_id);
    }
    const moreNames = this.#trimNames(room_key, log, trim);
    if (isForgotten(log, trim) && !moreNames) for (const forget of this.#forgetLife) forget.run(room_key);
    return { kind: "trimmed", ...trimmed, more: trimmed.more || moreNames };
  }

  /** Whether more names could be forgotten. Their times never fall as their ids rise, so the stale ones come first. */
  #trimNames(room_key: number, log: LogState, { bounds, most }: Trim): boolean {
    let last: number | undefined;
    let count = 0;
    let more = false;
    for (const name of this.#names.iterate(room_key)) {
      if (!isStale(name, log, bounds)) break;
      more = count === most;
      if (more) break;
      last = name.msg_id;
      count += 1;
    }
    if (last !== undefined) this.#forgetNames.run(room_key, last);
    return more;
  }
}
