import type Database from "better-sqlite3";
import type { Query } from "../../search/query.ts";
import { type Entry, type Neighbours, shown } from "../entries.ts";
import { scoreIn } from "../searched-text.ts";
import type { MessageQuery } from "../store.ts";
import { type Either, eitherWay, type Range } from "./authors.ts";
import { IN_RANGE, MESSAGE } from "./message-key.ts";
import { markOf } from "./search-index.ts";

interface Log {
  readonly room_key: number;
}

type Order = MessageQuery["order"];

interface How {
  readonly order: Order;
  /** Goes through what is not indexed. */
  readonly gone: (range: Range) => Iterable<Entry>;
  readonly neighbours: Neighbours;
}

/** Finds messages by their words, beside `search-index.ts`. */
export class BySearch {
  readonly #reached: Database.Statement<[number], number>;
  readonly #found: Either<Database.Statement<[string, number, number, number, number], number>>;
  readonly #entry: Database.Statement<[number, number], Entry>;

  /** `select`: the columns of an entry, and the table. */
  constructor(db: Database.Database, select: string) {
    this.#reached = db
      .prepare<[number], number>("SELECT search_id FROM search_ids WHERE room_key = ?")
      .pluck();
    this.#found = eitherWay((order) =>
      db
        .prepare<[string, number, number, number, number], number>(
          `SELECT rowid & 0xffffffff FROM message_words
           WHERE message_words MATCH ? AND rowid ${IN_RANGE} ORDER BY rowid ${order}`,
        )
        .pluck(),
    );
    this.#entry = db.prepare(`${select} WHERE ${MESSAGE}`);
  }

  /** The part of a range that is not indexed. */
  unindexed({ room_key }: Log, { low, high }: Range): Range {
    return { low: Math.max(low, (this.#reached.get(room_key) ?? 0) + 1), high };
  }

  /** The messages of a range that answer a query, one by one. */
  *entries(log: Log, range: Range, query: Query, { order, gone, neighbours }: How): Generator<Entry> {
    const rest = this.unindexed(log, range);
    const indexed = { low: range.low, high: Math.min(range.high, rest.low - 1) };
    if (order === "desc") yield* answering(gone(rest), query, neighbours);
    if (indexed.low <= indexed.high) yield* this.#looked(log, indexed, query, order);
    if (order === "asc") yield* answering(gone(rest), query, neighbours);
  }

  *#looked({ room_key }: Log, { low, high }: Range, query: Query, order: Order): Generator<Entry> {
    const match = matchOf(query, markOf(room_key));
    for (const msg_id of this.#found[order].iterate(match, room_key, low, room_key, high)) {
      const entry = this.#entry.get(room_key, msg_id);
      if (entry) yield entry;
    }
  }
}

function* answering(entries: Iterable<Entry>, query: Query, log: Neighbours): Generator<Entry> {
  for (const entry of entries) if (scoreIn(shown(entry, {}, log), query) > 0) yield entry;
}

/** The query as FTS5 reads it. Its words are letters and digits, so nothing in them is a sign to FTS5. */
function matchOf(query: Query, mark: string): string {
  return query
    .map(({ words, open }) => `"${words.map((word) => mark + word).join(" ")}"${open ? " *" : ""}`)
    .join(" AND ");
}
