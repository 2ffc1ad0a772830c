import type Database from "better-sqlite3";
import type { Entry } from "../entries.ts";
import type { MessageQuery } from "../store.ts";
import { between, MESSAGE, MESSAGES } from "./message-key.ts";

/**
 * Who wrote which messages of a log, for pages by user and session. An index entry for each message would double the
 * work of a send; instead a chunk of the log is indexed as a whole when its last message is stored, one row for each
 * user and session in it, and what comes behind the last whole chunk is gone through.
 */

/** Messages of a chunk, so that a place in it is one byte: ids 1–256, 257–512 … */
export const CHUNK = 256;

/** Of a user, and of a session. */
export const nameOfUser = (user_id: string) => `u${user_id}`;
export const nameOfSession = (session_id: string) => `s${session_id}`;

/** The ids of a chunk, both included; chunks are counted from 0. */
function chunk(number: number): readonly [number, number] {
  return [number * CHUNK + 1, (number + 1) * CHUNK];
}

/** The ids of the chunk that an id is in. */
export function chunkWith(msg_id: number): readonly [number, number] {
  return chunk(Math.floor((msg_id - 1) / CHUNK));
}

/** How many chunks of a log are whole. */
function wholeChunks(last_id: number): number {
  return Math.floor(last_id / CHUNK);
}

interface AuthorRow extends Places {
  readonly author: string;
}

/** The chunk that a log begins in the middle of. */
interface Cut {
  readonly room_key: number;
  readonly start: number;
  readonly first_id: number;
  readonly end: number;
}

const KEEP = "UPDATE authors SET places = ? WHERE room_key = ? AND author = ? AND last_id = ?";

/** The places that are not dropped: the index says of a log what is in it, so that it can be checked. */
function keptFrom(first_id: number, { last_id, places }: Places): Uint8Array {
  const [start] = chunkWith(last_id);
  return places.filter((place) => start + place >= first_id);
}

/** Drops the places that were left of what older versions dropped. */
export function forgetDropped(
  db: Database.Database,
  { room_key, first_id }: Pick<Cut, "room_key" | "first_id">,
): void {
  const [, end] = chunkWith(first_id);
  const cut = db.prepare<[number, number, number], AuthorRow>(
    "SELECT author, last_id, places FROM authors WHERE room_key = ? AND last_id BETWEEN ? AND ?",
  );
  const keep = db.prepare<[Uint8Array, number, string, number]>(KEEP);
  for (const row of cut.all(room_key, first_id, end))
    keep.run(keptFrom(first_id, row), room_key, row.author, row.last_id);
}

/** Keeps the index, inside the writer's transactions. */
export class AuthorIndex {
  readonly #written: Database.Statement<[number, number, number, number], [number, string, string]>;
  readonly #add: Database.Statement<[number, string, number, Uint8Array]>;
  readonly #drop: Database.Statement<[{ readonly room_key: number; readonly first_id: number }]>;

  readonly #cut: Database.Statement<[Cut], AuthorRow>;
  readonly #keep: Database.Statement<[Uint8Array, number, string, number]>;

  constructor(db: Database.Database) {
    this.#written = db
      .prepare<[number, number, number, number], [number, string, string]>(
        `SELECT msg_id, user_id, session_id FROM messages WHERE ${MESSAGES} ORDER BY message_key`,
      )
      .raw();
    const dropped = (from: string) => `message_key ${between(":room_key", from, ":first_id - 1")}`;
    this.#add = db.prepare("INSERT INTO authors (room_key, author, last_id, places) VALUES (?, ?, ?, ?)");
    this.#drop = db.prepare(`
      DELETE FROM authors WHERE room_key = :room_key AND last_id < :first_id AND author IN (
        SELECT 'u' || user_id FROM messages WHERE ${dropped("0")}
        UNION SELECT 's' || session_id FROM messages WHERE ${dropped("0")})`);
    this.#cut = db.prepare(`
      SELECT author, last_id, places FROM authors
      WHERE room_key = :room_key AND last_id BETWEEN :first_id AND :end AND author IN (
        SELECT 'u' || user_id FROM messages WHERE ${dropped(":start")}
        UNION SELECT 's' || session_id FROM messages WHERE ${dropped(":start")})`);
    this.#keep = db.prepare(KEEP);
  }

  /** A log has grown from `before` to `last_id`. */
  grown(room_key: number, before: number, last_id: number): void {
    for (let number = wholeChunks(before); number < wholeChunks(last_id); number++) {
      const [start] = chunk(number);
      for (const [author, places] of this.#placesIn(room_key, number)) {
        this.#add.run(room_key, author, start + (places.at(-1) as number), Uint8Array.from(places));
      }
    }
  }

  /** Author → the places of his messages in a chunk, ascending. */
  #placesIn(room_key: number, number: number): Map<string, number[]> {
    const [start, end] = chunk(number);
    const found = new Map<string, number[]>();
    for (const [msg_id, user_id, session_id] of this.#written.all(room_key, start, room_key, end)) {
      for (const author of [nameOfUser(user_id), nameOfSession(session_id)]) {
        const places = found.get(author);
        if (places) places.push(msg_id - start);
        else found.set(author, [msg_id - start]);
      }
    }
    return found;
  }

  /** The messages before `first_id` are about to be dropped. */
  shortened(room_key: number, first_id: number): void {
    this.#drop.run({ room_key, first_id });
    const [start, end] = chunkWith(first_id);
    const cut = this.#cut.all({ room_key, start, first_id, end });
    for (const row of cut) this.#keep.run(keptFrom(first_id, row), room_key, row.author, row.last_id);
  }
}

interface Places {
  readonly last_id: number;
  readonly places: Uint8Array;
}

interface Log {
  readonly room_key: number;
  readonly last_id: number;
}

/** Ids, both included; empty when `high` is less than `low`. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

interface By {
  readonly user_id: string | undefined;
  readonly session_id: string | undefined;
}

type Order = MessageQuery["order"];

/** One for each order. */
export type Either<T> = Readonly<Record<Order, T>>;

export function eitherWay<T>(make: (order: "ASC" | "DESC") => T): Either<T> {
  return { asc: make("ASC"), desc: make("DESC") };
}

/** Reads by it. `Row` is what is read of an entry. */
export class ByAuthor<Row extends Pick<Entry, "msg_id" | "user_id"> = Entry> {
  readonly #rows: Either<Database.Statement<[number, string, number, number], Places>>;
  readonly #scan: Either<
    Database.Statement<[number, number, number, number, string | null, string | null], Row>
  >;
  readonly #message: Database.Statement<[number, number], Row>;

  /** `select`: the columns of an entry, and the table. */
  constructor(db: Database.Database, select: string) {
    this.#rows = eitherWay((order) =>
      db.prepare(
        `SELECT last_id, places FROM authors
         WHERE room_key = ? AND author = ? AND last_id BETWEEN ? AND ? ORDER BY last_id ${order}`,
      ),
    );
    this.#scan = eitherWay((order) =>
      db.prepare(
        `${select} WHERE ${MESSAGES}
         AND user_id = ifnull(?, user_id) AND session_id = ifnull(?, session_id) ORDER BY message_key ${order}`,
      ),
    );
    this.#message = db.prepare(`${select} WHERE ${MESSAGE}`);
  }

  /** The entries of a range that are by the user and of the session that `by` names, one by one. */
  *entries(log: Log, { low, high }: Range, by: By, order: Order): Generator<Row> {
    const indexed = wholeChunks(log.last_id) * CHUNK;
    const whole = { low, high: Math.min(high, indexed) };
    const rest = { low: Math.max(low, indexed + 1), high };
    if (order === "desc") yield* this.#gone(log, rest, by, order);
    if (whole.low <= whole.high) yield* this.#looked(log, whole, by, order);
    if (order === "asc") yield* this.#gone(log, rest, by, order);
  }

  /** Goes through all messages of a range. */
  #gone({ room_key }: Log, { low, high }: Range, { user_id, session_id }: By, order: Order) {
    return this.#scan[order].iterate(room_key, low, room_key, high, user_id ?? null, session_id ?? null);
  }

  /** Looks them up. Hardly any session id has had a second user, so the session is enough to find both. */
  *#looked({ room_key }: Log, { low, high }: Range, by: By, order: Order): Generator<Row> {
    const { user_id, session_id } = by;
    const name = session_id === undefined ? nameOfUser(user_id as string) : nameOfSession(session_id);
    const [, end] = chunkWith(high);
    for (const { last_id, places } of this.#rows[order].iterate(room_key, name, low, end)) {
      const [start] = chunkWith(last_id);
      for (const place of order === "asc" ? places : places.toReversed()) {
        const msg_id = start + place;
        const message = msg_id >= low && msg_id <= high && this.#message.get(room_key, msg_id);
        if (message && (user_id ?? message.user_id) === message.user_id) yield message;
      }
    }
  }
}
