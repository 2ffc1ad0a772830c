import type Database from "better-sqlite3";
import { changedIds, ERASED_BODY } from "../erasures.ts";
import { commitmentOf, type Sealed } from "../proof.ts";
import type { BeginErasure, EndErasure, Erase, Erasure, ErasureWrite, Written } from "../store.ts";
import { ERASURE, type ErasureRow, erasureOf } from "./erasures-reader.ts";
import { MESSAGE } from "./message-key.ts";
import { STATE, type StateRow } from "./rows.ts";
import type { SearchIndex } from "./search-index.ts";
import { ToErase } from "./to-erase.ts";

/** Erases what users wrote (M21), inside the writer's transaction. */
export class Erasures {
  readonly #search: SearchIndex;
  readonly #toErase: ToErase;
  readonly #state: Database.Statement<[string, string, string], StateRow>;
  readonly #sealed: Database.Statement<[number, number], Sealed>;
  readonly #erase: Database.Statement<[string, number, number]>;
  readonly #dropMentions: Database.Statement<[number, number]>;
  readonly #shrink: Database.Statement<[number, number]>;
  readonly #forgetNames: Database.Statement<[number, string, number, number]>;
  readonly #open: Database.Statement<[string, string], string>;
  readonly #begin: Database.Statement<[string, string, string, string]>;
  readonly #add: Database.Statement<[number, number, string, string]>;
  readonly #addRoom: Database.Statement<[string, 0 | 1, string, string]>;
  readonly #end: Database.Statement<[number, string, string]>;
  readonly #erasure: Database.Statement<[string, string], ErasureRow>;

  constructor(db: Database.Database, search: SearchIndex) {
    this.#search = search;
    this.#toErase = new ToErase(db);
    this.#state = db.prepare(STATE);
    this.#sealed = db.prepare(
      `SELECT lower(hex(seal)) AS seal, msg, mentions FROM messages WHERE ${MESSAGE}`,
    );
    this.#erase = db.prepare(
      `UPDATE messages SET msg = '${ERASED_BODY}', mentions = NULL, erased = 1, seal = unhex(?)
       WHERE ${MESSAGE}`,
    );
    this.#dropMentions = db.prepare("DELETE FROM mentions WHERE room_key = ? AND msg_id = ?");
    this.#shrink = db.prepare("UPDATE rooms SET bytes = bytes - ? WHERE room_key = ?");
    this.#forgetNames = db.prepare(
      `DELETE FROM client_msg_ids WHERE (room_key, user_id, client_msg_id) IN (
         SELECT room_key, user_id, client_msg_id FROM client_msg_ids
         WHERE room_key = ? AND user_id = ? AND timestmap < ? LIMIT ?)`,
    );
    this.#open = db
      .prepare<[string, string], string>(
        "SELECT receipt FROM erasures WHERE service = ? AND user_id = ? AND at IS NULL",
      )
      .pluck();
    this.#begin = db.prepare(
      "INSERT INTO erasures (service, receipt, user_id, asked_by) VALUES (?, ?, ?, ?)",
    );
    this.#add = db.prepare(
      "UPDATE erasures SET messages = messages + ?, bytes = bytes + ? WHERE service = ? AND receipt = ?",
    );
    this.#addRoom = db.prepare(
      `INSERT INTO erasure_rooms (erasure_key, room_id, held)
       SELECT erasure_key, ?, ? FROM erasures WHERE service = ? AND receipt = ? ON CONFLICT DO NOTHING`,
    );
    this.#end = db.prepare("UPDATE erasures SET at = ? WHERE service = ? AND receipt = ?");
    this.#erasure = db.prepare(`${ERASURE} WHERE service = ? AND receipt = ?`);
  }

  apply(write: ErasureWrite): Written {
    switch (write.kind) {
      case "begin_erasure":
        return { kind: "erasure", erasure: this.#started(write) };
      case "erase":
        return this.#slice(write);
      case "end_erasure":
        return { kind: "erasure", erasure: this.#ended(write) };
    }
  }

  #started({ service, user_id, receipt, by }: BeginErasure): Erasure {
    const open = this.#open.get(service, user_id);
    if (open === undefined) this.#begin.run(service, receipt, user_id, by);
    return this.#read(service, open ?? receipt);
  }

  #ended({ service, receipt, at }: EndErasure): Erasure {
    this.#end.run(at, service, receipt);
    return this.#read(service, receipt);
  }

  #read(service: string, receipt: string): Erasure {
    return erasureOf(this.#erasure.get(service, receipt) as ErasureRow);
  }

  #slice(write: Erase): Written {
    const { service, room_id, epoch, receipt } = write;
    const log = this.#state.get(service, room_id, epoch);
    if (!log) return { kind: "refused", reason: "epoch_not_found" };
    if (log.held === 1) {
      this.#addRoom.run(room_id, 1, service, receipt);
      return { kind: "erased", messages: 0, bytes: 0, msg_ids: [], held: true, next: undefined };
    }
    const { entries, bytes, next } = this.#toErase.slice(log, write);
    for (const { msg_id } of entries) this.#eraseEntry(log.room_key, msg_id);
    const msg_ids = changedIds(entries);
    for (const msg_id of msg_ids) this.#search.changed(log.room_key, msg_id);
    if (entries.length > 0) {
      this.#shrink.run(bytes, log.room_key);
      this.#add.run(entries.length, bytes, service, receipt);
      this.#addRoom.run(room_id, 0, service, receipt);
    }
    // Behind the last entry: each look goes through all of his names.
    const moreNames = next === undefined && this.#trimNames(log.room_key, write);
    const after = moreNames ? { msg_id: log.last_id + 1, change: 0 } : undefined;
    return { kind: "erased", messages: entries.length, bytes, msg_ids, held: false, next: next ?? after };
  }

  /** The one place where a body goes: whatever else is kept of it goes here too. The digest stays as it was (M23). */
  #eraseEntry(room_key: number, msg_id: number): void {
    const commitment = commitmentOf(this.#sealed.get(room_key, msg_id) as Sealed);
    this.#erase.run(commitment, room_key, msg_id);
    this.#dropMentions.run(room_key, msg_id);
  }

  /** Whether more of the user's names could be forgotten. */
  #trimNames(room_key: number, { user_id, names_before, most }: Erase): boolean {
    return this.#forgetNames.run(room_key, user_id, names_before, most).changes === most;
  }
}
