import type Database from "better-sqlite3";
import type { Entry } from "../../entries.ts";
import { CHUNK, chunkWith, nameOfSession, nameOfUser } from "../authors.ts";
import { MESSAGE } from "../message-key.ts";
import type { Found } from "./fault.ts";
import type { LifeRow } from "./life.ts";

/** Recomputes the index by author, chunk by chunk along a log. */
export class AuthorsCheck {
  readonly #row: Database.Statement<[number, string, number], Buffer>;
  readonly #count: Database.Statement<[number], number>;
  readonly #all: Database.Statement<[number], { readonly author: string; readonly last_id: number }>;
  readonly #isBy: Database.Statement<[number, number, string], number>;
  /** Author → ids in the chunk that is gone through. */
  #chunk = new Map<string, number[]>();
  /** Rows that there have to be so far. */
  #rows = 0;

  constructor(db: Database.Database) {
    this.#row = db
      .prepare<[number, string, number], Buffer>(
        "SELECT places FROM authors WHERE room_key = ? AND author = ? AND last_id = ?",
      )
      .pluck();
    this.#count = db.prepare<[number], number>("SELECT count(*) FROM authors WHERE room_key = ?").pluck();
    this.#all = db.prepare("SELECT author, last_id FROM authors WHERE room_key = ?");
    this.#isBy = db
      .prepare<[number, number, string], number>(
        `SELECT 1 FROM messages WHERE ${MESSAGE} AND ? IN ('u' || user_id, 's' || session_id)`,
      )
      .pluck();
  }

  /** The next entry of a log. */
  *faults({ msg_id, user_id, session_id }: Entry, life: LifeRow): Generator<Found> {
    for (const author of [nameOfUser(user_id), nameOfSession(session_id)]) {
      const ids = this.#chunk.get(author);
      if (ids) ids.push(msg_id);
      else this.#chunk.set(author, [msg_id]);
    }
    if (msg_id % CHUNK === 0) yield* this.#ofChunk(life);
  }

  /** The log has ended. What is behind the last whole chunk is not in the index. */
  *faultsAtEnd(life: LifeRow): Generator<Found> {
    const [rows, wholeUpTo] = [this.#rows, life.last_id - (life.last_id % CHUNK)];
    this.#rows = 0;
    this.#chunk.clear();
    if (this.#count.get(life.room_key) === rows) return;
    for (const { author, last_id } of this.#all.iterate(life.room_key)) {
      const isOf = last_id <= wholeUpTo && this.#isBy.get(life.room_key, last_id, author);
      if (!isOf) yield { msg_id: last_id, what: `the index by author has ${JSON.stringify(author)} here` };
    }
    yield {
      what: "rows of the index by author",
      expected: rows,
      found: this.#count.get(life.room_key) as number,
    };
  }

  *#ofChunk({ room_key }: LifeRow): Generator<Found> {
    const chunk = this.#chunk;
    this.#chunk = new Map();
    this.#rows += chunk.size;
    for (const [author, ids] of chunk) {
      const last_id = ids.at(-1) as number;
      const [start] = chunkWith(last_id);
      const found = this.#row.get(room_key, author, last_id);
      if (!found?.equals(Uint8Array.from(ids, (id) => id - start)))
        yield { msg_id: last_id, what: `the index by author, of ${JSON.stringify(author)}` };
    }
  }
}
