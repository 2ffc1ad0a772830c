import type Database from "better-sqlite3";
import { parseQuery } from "../../search/query.ts";
import { type Entry, MOST_REFS, type Neighbours } from "../entries.ts";
import { pageOf } from "../page-of.ts";
import { textOf } from "../page-text.ts";
import type { LifeKey, MessageQuery, Page, PageText, PageTextQuery, Proof } from "../store.ts";
import { ByAuthor, type Either, eitherWay, type Range } from "./authors.ts";
import { BySearch } from "./by-search.ts";
import { MESSAGE, MESSAGES, messageKey } from "./message-key.ts";
import { REFERRING } from "./rows.ts";
import { Times } from "./times.ts";

/** A life whose log is read. */
interface Log {
  readonly room_key: number;
  readonly epoch: string;
  readonly first_id: number;
  readonly last_id: number;
}

/** A row of `ENTRY`: as a list it costs half. */
type Row = [
  msg_id: number,
  user_id: string,
  session_id: string,
  timestmap: number,
  msg: string,
  op: Entry["op"],
  ref: number | null,
  changed_by: number | null,
  mentions: string | null,
  erased: 1 | null,
];

/** Messages read at once. */
const BLOCK = 256;

const LOG = "SELECT room_key, epoch, first_id, last_id FROM rooms WHERE service = ? AND room_id = ?";
const ENTRY =
  "SELECT msg_id, user_id, session_id, timestmap, msg, op, ref, changed_by, mentions, erased FROM messages";

/** A range of ids is one walk through the table, in either direction. */
const BY_ID = `${ENTRY} WHERE ${MESSAGES} ORDER BY message_key`;
const BY_REF = `${ENTRY} ${REFERRING} room_key = ? AND ref = ? AND op IS NULL AND msg_id BETWEEN ? AND ? ORDER BY msg_id`;
const EDITS = `${ENTRY} INDEXED BY edits_by_message WHERE room_key = ? AND ref = ? AND op = 'edit' ORDER BY msg_id`;

const PROOF = `SELECT lower(hex(seal)) AS seal, lower(hex(digest)) AS digest FROM messages WHERE ${MESSAGE}`;

/** What was deleted does not count. */
const REFS = `
  SELECT count(*) FROM (
    SELECT 1 FROM messages ${REFERRING} room_key = :room_key AND ref = :msg_id AND op IS NULL AND (
      changed_by IS NULL OR (
        SELECT op FROM messages AS change WHERE change.message_key = ${messageKey(":room_key", "messages.changed_by")}
      ) = 'edit'
    ) LIMIT ${MOST_REFS})`;

/** Pages of logs (M8). What a page costs depends on its messages, not on the log around them. */
export class Pages {
  readonly #living: Database.Statement<[string, string], Log>;
  readonly #byEpoch: Database.Statement<[string, string, string], Log>;
  readonly #times: Times;
  readonly #byId: Either<Database.Statement<[number, number, number, number], Row>>;
  readonly #byRef: Either<Database.Statement<[number, number, number, number], Entry>>;
  readonly #byAuthor: ByAuthor;
  readonly #bySearch: BySearch;
  readonly #entry: Database.Statement<[number, number], Entry>;
  readonly #edits: Database.Statement<[number, number], Entry>;
  readonly #proof: Database.Statement<[number, number], Proof>;
  readonly #refs: Database.Statement<[{ readonly room_key: number; readonly msg_id: number }], number>;
  readonly #page: Database.Transaction<(query: MessageQuery) => Page | undefined>;

  constructor(db: Database.Database) {
    this.#living = db.prepare(`${LOG} AND destroyed_at IS NULL`);
    this.#byEpoch = db.prepare(`${LOG} AND epoch = ? AND kept`);
    this.#times = new Times(db);
    this.#byId = eitherWay((order) =>
      db.prepare<[number, number, number, number], Row>(`${BY_ID} ${order}`).raw(),
    );
    this.#byRef = eitherWay((order) => db.prepare(`${BY_REF} ${order}`));
    this.#byAuthor = new ByAuthor(db, ENTRY);
    this.#bySearch = new BySearch(db, ENTRY);
    this.#entry = db.prepare(`${ENTRY} WHERE ${MESSAGE}`);
    this.#edits = db.prepare(EDITS);
    this.#proof = db.prepare(PROOF);
    this.#refs = db.prepare<[{ readonly room_key: number; readonly msg_id: number }], number>(REFS).pluck();
    this.#page = db.transaction((query) => this.#read(query));
  }

  /** Read in one transaction, so that all of it is of the same moment. */
  page(query: MessageQuery): Page | undefined {
    return this.#page(query);
  }

  /** The same as text. */
  text(query: PageTextQuery): PageText | undefined {
    const page = this.#page(query);
    return page && textOf(page, query.time_field);
  }

  #read(query: MessageQuery): Page | undefined {
    const log = this.#log(query);
    if (!log) return undefined;
    const { epoch, first_id } = log;
    if (this.#isUnready(log, query)) return { epoch, first_id, messages: [], cut: false, unready: true };
    const found = pageOf(
      { entries: (part) => this.#entries(log, part), neighbours: this.#neighboursIn(log) },
      query,
    );
    return { epoch, first_id, ...found };
  }

  #isUnready(log: Log, query: MessageQuery): boolean {
    const { most_unindexed } = query.search ?? {};
    // Behind a view no index is asked.
    if (most_unindexed === undefined || query.view !== undefined) return false;
    const { low, high } = this.#bySearch.unindexed(log, this.#range(log, query));
    return high - low >= most_unindexed;
  }

  #log({ service, room_id, epoch }: LifeKey): Log | undefined {
    if (epoch === undefined) return this.#living.get(service, room_id);
    return this.#byEpoch.get(service, room_id, epoch);
  }

  /** All that the query asks for, in its order, one by one. */
  #entries(log: Log, query: MessageQuery): Iterable<Entry> {
    const { user_id, session_id, ref, order } = query;
    const range = this.#range(log, query);
    if (query.search) return this.#searched(log, range, query);
    if (ref !== undefined) return this.#referring({ log, range, ref }, query);
    if (user_id !== undefined || session_id !== undefined) {
      return this.#byAuthor.entries(log, range, { user_id, session_id }, order);
    }
    return this.#byRange(log, range, query);
  }

  /** What a search finds is looked at one by one, whatever else it has to be. */
  *#searched(log: Log, range: Range, query: MessageQuery): Generator<Entry> {
    const { search, order, ref } = query;
    const words = parseQuery(search?.text ?? "");
    if (!words) return;
    const neighbours = this.#neighboursIn(log);
    // Nobody knows how many of them will do.
    const gone = (rest: Range) => this.#byRange(log, rest, { ...query, limit: BLOCK });
    for (const entry of this.#bySearch.entries(log, range, words, { order, gone, neighbours })) {
      if (isBy(entry, query) && (ref ?? entry.ref) === entry.ref) yield entry;
    }
  }

  /** Hardly any message is referred to by so many that looking at each one's author would matter. */
  *#referring(
    { log, range, ref }: { readonly log: Log; readonly range: Range; readonly ref: number },
    query: MessageQuery,
  ): Generator<Entry> {
    for (const entry of this.#byRef[query.order].iterate(log.room_key, ref, range.low, range.high)) {
      if (isBy(entry, query)) yield entry;
    }
  }

  #neighboursIn({ room_key }: Log): Neighbours {
    return {
      entry: (msg_id) => this.#entry.get(room_key, msg_id),
      editsOf: (msg_id) => this.#edits.all(room_key, msg_id),
      proofOf: (msg_id) => this.#proof.get(room_key, msg_id),
      refsOf: (msg_id) => this.#refs.get({ room_key, msg_id }) ?? 0,
    };
  }

  /** In blocks: one at a time each would cost twice as much. There are no holes between the ids of a range. */
  *#byRange({ room_key }: Log, { low, high }: Range, { order, limit }: MessageQuery): Generator<Entry> {
    let done = 0;
    // Behind the first block of a page there are others only where a filter looks for more, or the page is long.
    for (let size = Math.min(limit, BLOCK); low + done <= high; size = BLOCK) {
      const from = order === "asc" ? low + done : high - done - size + 1;
      done += size;
      const block = [room_key, Math.max(low, from), room_key, Math.min(high, from + size - 1)] as const;
      for (const row of this.#byId[order].all(...block)) yield entryOf(row);
    }
  }

  #range(log: Log, { after = 0, before, from_time, to_time }: MessageQuery): Range {
    // Nothing is behind the last one, also for who may read nothing: `after` is Infinity then (R11).
    const low = Math.min(Math.max(log.first_id, after + 1), log.last_id + 1);
    const high = Math.min(log.last_id, before === undefined ? log.last_id : before - 1);
    const from =
      from_time === undefined ? low : this.#times.firstSince(from_time, log.room_key, { low, high });
    if (to_time === undefined) return { low: from, high };
    return { low: from, high: this.#times.firstSince(to_time, log.room_key, { low: from, high }) - 1 };
  }
}

function isBy(entry: Entry, { user_id, session_id }: MessageQuery): boolean {
  return (
    (user_id ?? entry.user_id) === entry.user_id && (session_id ?? entry.session_id) === entry.session_id
  );
}

function entryOf(row: Row): Entry {
  const [msg_id, user_id, session_id, timestmap, msg, op, ref, changed_by, mentions, erased] = row;
  return { msg_id, user_id, session_id, timestmap, msg, op, ref, changed_by, mentions, erased };
}
