import type Database from "better-sqlite3";
import { markedWords } from "../../search/message-words.ts";
import type { IndexMessages, Written } from "../store.ts";
import { IN_SLICE, type LifeSlice, LifeSlices } from "./life-slices.ts";
import { IN_RANGE, MESSAGES, messageKey } from "./message-key.ts";

/**
 * Which words are in which messages (M18): the FTS5 table `message_words`, whose rows have no text of their own. A log is
 * indexed up to its `search_id`, always a multiple of 256; what follows is looked through by who searches. So a chunk
 * is indexed as a whole when its last message is stored, in the same transaction, and a search is exact at any time.
 */

/** Messages that are indexed together: ids 1–256, 257–512 … */
const CHUNK = 256;

/** Up to where the chunks of a log are whole. */
function wholeUpTo(last_id: number): number {
  return Math.floor(last_id / CHUNK) * CHUNK;
}

/**
 * What stands before each word of a room: so a word is looked up in its room, and costs nothing where other rooms have it.
 * It ends in a character that is in no word.
 */
export function markOf(room_key: number): string {
  return `${room_key.toString(36)}·`;
}

/** SQL: the text in which a message is found, null for none: what readers see of it now. */
const TEXT = `
  CASE WHEN changed_by IS NULL THEN msg ELSE (
    SELECT CASE op WHEN 'edit' THEN msg END FROM messages AS change
    WHERE change.message_key = ${messageKey("messages.room_key", "messages.changed_by")}
  ) END`;

/** Messages with their texts. Parameters: those of `MESSAGES`. */
export const SEARCHED = `SELECT msg_id, ${TEXT} AS text FROM messages WHERE ${MESSAGES} AND op IS NULL`;

/** Bytes of texts that are read at once. */
const MANY_BYTES = 1_048_576;

/** The texts of all entries, with commas between; null when they are too many bytes. Parameters: those of `MESSAGES`. */
const TEXTS = `
  SELECT iif(count(*) = 1 OR sum(octet_length(text)) <= ${MANY_BYTES}, group_concat(text), NULL) FROM (
    SELECT iif(op IS NULL, ifnull(${TEXT}, 'null'), 'null') AS text
    FROM messages WHERE ${MESSAGES} ORDER BY message_key)`;

/** A row of `SEARCHED`. */
export type Searched = [msg_id: number, text: string | null];

interface Life {
  readonly room_key: number;
  readonly first_id: number;
  readonly last_id: number;
  readonly search_id: number;
}

const LIFE = `SELECT room_key, first_id, last_id, ifnull(search_id, 0) AS search_id
  FROM rooms LEFT JOIN search_ids USING (room_key)`;

/** Keeps the index, inside the writer's transactions. */
export class SearchIndex {
  /** Services whose messages are indexed. */
  readonly #services = new Set<string>();
  readonly #life: Database.Statement<[number], Life>;
  readonly #slices: LifeSlices;
  readonly #lives: Database.Statement<[LifeSlice], Life>;
  readonly #texts: Database.Statement<[number, number, number, number], string | null>;
  readonly #add: Database.Statement<[number, number, string]>;
  readonly #drop: Database.Statement<[number, number, number, number]>;
  readonly #reach: Database.Statement<[number, number]>;

  constructor(db: Database.Database) {
    this.#life = db.prepare(`${LIFE} WHERE room_key = ?`);
    this.#slices = new LifeSlices(db);
    this.#lives = db.prepare(`${LIFE} WHERE ${IN_SLICE} AND kept ORDER BY room_key`);
    this.#texts = db.prepare<[number, number, number, number], string | null>(TEXTS).pluck();
    // A chunk in one statement: to call SQLite for each message costs as much as to index it.
    this.#add = db.prepare(
      `INSERT INTO message_words (rowid, words) SELECT ${messageKey("?", "?")} + key, value FROM json_each(?) WHERE value <> ''`,
    );
    this.#drop = db.prepare(`DELETE FROM message_words WHERE rowid ${IN_RANGE}`);
    this.#reach = db.prepare(
      `INSERT INTO search_ids (room_key, search_id) VALUES (?, ?)
       ON CONFLICT (room_key) DO UPDATE SET search_id = excluded.search_id`,
    );
  }

  /** Whether messages of a service are indexed from now on. What is indexed stays. */
  set(service: string, on: boolean): void {
    if (on) this.#services.add(service);
    else this.#services.delete(service);
  }

  /** A log has grown from `before` to `last_id`. */
  grown({ service, room_key }: { service: string; room_key: number }, before: number, last_id: number): void {
    const whole = wholeUpTo(last_id);
    if (whole === wholeUpTo(before) || !this.#services.has(service)) return;
    const at = reached(this.#life.get(room_key) as Life);
    // One that is further behind waits for `build`: a send is not to pay for the whole log.
    if (at === wholeUpTo(before)) this.#index(room_key, at, whole);
  }

  /** Indexes what was stored while nobody searched, chunk by chunk, in a slice of `most` lives of all services. */
  build({ most, ...asked }: IndexMessages): Written {
    const { slice, next } = this.#slices.at({ most, ...asked });
    let left = most;
    for (const life of this.#lives.all(slice)) {
      const whole = wholeUpTo(life.last_id);
      for (let at = reached(life); at < whole; at += CHUNK) {
        if (left <= 0) return { kind: "indexed", next: life.room_key };
        this.#index(life.room_key, at, at + CHUNK);
        left -= CHUNK;
      }
    }
    return { kind: "indexed", next };
  }

  /** The messages before `first_id` are dropped. */
  shortened(room_key: number, before: number, first_id: number): void {
    const { search_id } = this.#life.get(room_key) as Life;
    const last = Math.min(first_id - 1, search_id);
    if (before <= last) this.#drop.run(room_key, before, room_key, last);
  }

  /** A message does not read as it did: only what it says now is found. Whoever changes bodies calls it, behind that. */
  changed(room_key: number, msg_id: number): void {
    if (msg_id > (this.#life.get(room_key) as Life).search_id) return;
    this.#drop.run(room_key, msg_id, room_key, msg_id);
    this.#put(room_key, msg_id, msg_id);
  }

  #index(room_key: number, from: number, to: number): void {
    this.#put(room_key, from + 1, to);
    this.#reach.run(room_key, to);
  }

  /** There are no holes between ids: what is not kept is at the beginning. */
  #put(room_key: number, from: number, to: number): void {
    const texts = this.#texts.get(room_key, from, room_key, to);
    if (texts) {
      const words = markedWords(JSON.parse(`[${texts}]`), markOf(room_key));
      this.#add.run(room_key, to - words.length + 1, JSON.stringify(words));
    } else if (from < to) {
      const middle = Math.floor((from + to) / 2);
      this.#put(room_key, from, middle);
      this.#put(room_key, middle + 1, to);
    }
  }
}

/** Below that there is nothing left to index. */
function reached({ first_id, search_id }: Life): number {
  return Math.max(search_id, wholeUpTo(first_id - 1));
}
