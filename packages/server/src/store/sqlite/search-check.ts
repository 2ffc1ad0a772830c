import type Database from "better-sqlite3";
import { messageWords } from "../../search/message-words.ts";
import { IN_RANGE } from "./message-key.ts";
import { markOf, SEARCHED, type Searched } from "./search-index.ts";

/** Something in the index of words that is not as the messages say (M18). */
export interface SearchFault {
  /** Absent when it is not about one life of a room. */
  readonly room_key?: number;
  readonly msg_id?: number;
  readonly what: string;
}

interface Life {
  readonly room_key: number;
  readonly first_id: number;
  readonly last_id: number;
  readonly search_id: number;
}

/** The rows of the index, as FTS5 shows them: each place of each word. They live with the connection, not in the file. */
const VOCABULARY = `
  CREATE VIRTUAL TABLE IF NOT EXISTS temp.word_places USING fts5vocab (main, message_words, instance);
  CREATE VIRTUAL TABLE IF NOT EXISTS temp.indexed_words USING fts5vocab (main, message_words, row);`;

/** Compares the index of words with the messages, life by life, whole and in constant memory for each message. */
export function* searchFaults(db: Database.Database): Generator<SearchFault> {
  const checked = db.pragma("main.integrity_check(message_words)", { simple: true });
  if (checked !== "ok") return yield { what: `the index of words is damaged: ${checked}` };
  db.exec(VOCABULARY);
  const check = new Check(db);
  try {
    for (const life of check.lives()) yield* check.life(life);
    yield* check.strangers();
  } catch (error) {
    if (!isDamage(error)) throw error;
    yield { what: `the index of words is damaged: ${error.message}` };
  }
}

function isDamage(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_CORRUPT");
}

/** The character behind the one in which a mark ends. */
const behind = (mark: string) => `${mark.slice(0, -1)}\u00b8`;

class Check {
  readonly #lives: Database.Statement<[], Life>;
  readonly #messages: Database.Statement<[number, number, number, number], Searched>;
  readonly #places: Database.Statement<[string, string], [string, number, number, number]>;
  readonly #terms: Database.Statement<[string, string], { readonly term: string; readonly doc: number }>;
  readonly #rows: Database.Statement<[number, number, number, number], [number, Uint8Array]>;
  readonly #rowCount: Database.Statement<[], number>;
  readonly #matches: Database.Statement<[string, number, number, number, number], number>;
  readonly #word: Database.Statement<[string], string>;
  /** Lives that may have words, by mark. */
  readonly #marks = new Set<string>();
  #rowsSeen = 0;

  constructor(db: Database.Database) {
    this.#lives = db.prepare(
      `SELECT room_key, first_id, last_id, search_id FROM search_ids LEFT JOIN rooms USING (room_key)`,
    );
    this.#messages = db.prepare<[number, number, number, number], Searched>(SEARCHED).raw();
    this.#places = db
      .prepare<[string, string], [string, number, number, number]>(
        "SELECT term, doc >> 32, doc & 0xffffffff, offset FROM word_places WHERE term >= ? AND term < ?",
      )
      .raw();
    this.#terms = db.prepare("SELECT term, doc FROM indexed_words WHERE term >= ? AND term < ?");
    this.#rows = db
      .prepare<[number, number, number, number], [number, Uint8Array]>(
        `SELECT id & 0xffffffff, sz FROM message_words_docsize WHERE id ${IN_RANGE}`,
      )
      .raw();
    this.#rowCount = db.prepare<[], number>("SELECT count(*) FROM message_words_docsize").pluck();
    this.#matches = db
      .prepare<[string, number, number, number, number], number>(
        `SELECT count(*) FROM message_words WHERE message_words MATCH ? AND rowid ${IN_RANGE}`,
      )
      .pluck();
    this.#word = db
      .prepare<[string], string>("SELECT term FROM indexed_words WHERE term >= ? ORDER BY term LIMIT 1")
      .pluck();
  }

  lives(): Life[] {
    return this.#lives.all();
  }

  *life(life: Life): Generator<SearchFault> {
    const { room_key, first_id, last_id, search_id } = life;
    const fault = (what: string, msg_id?: number): SearchFault => ({
      room_key,
      what,
      ...(msg_id && { msg_id }),
    });
    if (first_id === null) return yield fault("a room is indexed that is not there");
    if (search_id > last_id) return yield fault(`messages are indexed up to ${search_id}, of ${last_id}`);
    this.#marks.add(markOf(room_key));
    if (search_id < first_id) return;
    yield* this.#compared(life, fault);
  }

  /** For each message a sum over its words and their places, once from the messages and once from the index. */
  *#compared(life: Life, fault: (what: string, msg_id: number) => SearchFault): Generator<SearchFault> {
    const { room_key, first_id, search_id } = life;
    const sums = new Int32Array(search_id - first_id + 1);
    // How many words its row in the index has, 0: it has none.
    const rows = new Int32Array(sums.length);
    for (const [msg_id, size] of this.#rows.iterate(room_key, first_id, room_key, search_id)) {
      rows[msg_id - first_id] = sizeIn(size) || -1;
      this.#rowsSeen += 1;
    }
    for (const [msg_id, text] of this.#messages.iterate(room_key, first_id, room_key, search_id)) {
      const at = msg_id - first_id;
      const row = rows[at];
      rows[at] = 0;
      const words = text === null ? [] : wordsIn(text);
      if (!words) {
        yield fault("its words cannot be known: its text is no JSON", msg_id);
        continue;
      }
      for (const [place, word] of words.entries()) sums[at] = (sums[at] as number) + sumOf(word, place);
      if (row !== words.length) yield fault("a message is not in the index, or wrongly", msg_id);
    }
    for (const [at, row] of rows.entries())
      if (row !== 0) yield fault("what is no message is in the index", first_id + at);
    const mark = markOf(room_key);
    for (const [term, room, msg_id, place] of this.#places.iterate(mark, behind(mark))) {
      const at = msg_id - first_id;
      if (room !== room_key || sums[at] === undefined)
        yield fault("a word is indexed of a message that is not there", msg_id);
      else sums[at] -= sumOf(term.slice(mark.length), place);
    }
    yield* this.#lookedUp(life);
    for (const [at, sum] of sums.entries())
      if (sum !== 0) yield fault("other words are indexed", first_id + at);
  }

  /** Whether a look for each word, as searches do it, finds all the places that a walk through the index does. */
  *#lookedUp({ room_key, first_id, search_id }: Life): Generator<SearchFault> {
    const mark = markOf(room_key);
    for (const { term, doc } of this.#terms.iterate(mark, behind(mark))) {
      const found = this.#matches.get(`"${term}"`, room_key, first_id, room_key, search_id);
      if (found !== doc)
        yield { room_key, what: `the word ${term.slice(mark.length)} is found ${found} times, not ${doc}` };
    }
  }

  /** What belongs to no life. */
  *strangers(): Generator<SearchFault> {
    if (this.#rowCount.get() !== this.#rowsSeen) yield { what: "messages are indexed that are not there" };
    for (let from = ""; ; ) {
      const word = this.#word.get(from);
      if (word === undefined) return;
      const mark = word.slice(0, word.indexOf("·") + 1);
      if (mark === "" || !this.#marks.has(mark))
        return yield { what: "words are indexed of a room that is not there" };
      from = behind(mark);
    }
  }
}

/** Undefined when somebody has changed it to what is no message. */
function wordsIn(text: string): string[] | undefined {
  try {
    return messageWords(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** How many words a row of the index has, as SQLite writes numbers: seven bits a byte, the last one below 128. */
function sizeIn(bytes: Uint8Array): number {
  let size = 0;
  for (const [i, byte] of bytes.entries()) {
    if (byte < 128 !== (i === bytes.length - 1)) return -1;
    size = size * 128 + (byte % 128);
  }
  return size;
}

/** Of a word at a place: different words or places have different ones, but for one in four thousand million. */
function sumOf(word: string, place: number): number {
  let hash = Math.imul(place + 1, 0x9e3779b1);
  for (let i = 0; i < word.length; i++)
    hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193) ^ (hash >>> 15);
  return hash | 0;
}
