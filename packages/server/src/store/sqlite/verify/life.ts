import { isUtf8 } from "node:buffer";
import { HASH_DIGITS, SALT_DIGITS } from "@roomlog/protocol";
import type Database from "better-sqlite3";
import type { Entry } from "../../entries.ts";
import { digestOf, startDigest } from "../../proof.ts";
import type { Proof } from "../../store.ts";
import { ALL_MESSAGES, MESSAGE, messageKey } from "../message-key.ts";
import { AuthorsCheck } from "./authors.ts";
import { ChangesCheck } from "./changes.ts";
import type { Found } from "./fault.ts";

/** A row of `rooms`. */
export interface LifeRow {
  readonly room_key: number;
  readonly service: string;
  readonly room_id: string;
  readonly epoch: string;
  readonly first_id: number;
  readonly last_id: number;
  readonly last_timestmap: number;
  readonly bytes: number;
  readonly digest: string;
  readonly base_digest: string;
  readonly base_timestmap: number;
}

export const LIFE_ROW = `room_key, service, room_id, epoch, first_id, last_id, last_timestmap, bytes,
  lower(hex(digest)) AS digest, lower(hex(base_digest)) AS base_digest, base_timestmap`;

/** As a list it costs half. */
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
  seal: string,
  digest: string,
];

/** What counts up along a log. */
interface Sum {
  msg_id: number;
  timestmap: number;
  bytes: number;
  digest: string;
}

const TEXTS = ["user_id", "session_id", "msg"] as const;

/** What a text holds in place of what is no UTF-8. */
const REPLACED = "\ufffd";
const NOTHING = Buffer.alloc(0);

/** Recomputes logs (O7): one walk each, in the order of the entries. */
export class LifeCheck {
  readonly #entries: Database.Statement<[number, number], Row>;
  readonly #bytes: Database.Statement<[number, number], Buffer>;
  readonly #names: Database.Statement<[LifeRow], { readonly msg_id: number; readonly client_msg_id: string }>;
  readonly #changes: ChangesCheck;
  readonly #authors: AuthorsCheck;

  constructor(db: Database.Database) {
    this.#entries = db
      .prepare<[number, number], Row>(
        `SELECT msg_id, user_id, session_id, timestmap, msg, op, ref, changed_by, mentions, erased, lower(hex(seal)), lower(hex(digest))
         FROM messages WHERE ${ALL_MESSAGES} ORDER BY message_key`,
      )
      .raw();
    this.#bytes = db
      .prepare<[number, number], Buffer>(
        `SELECT CAST(user_id || session_id || msg AS BLOB) FROM messages WHERE ${MESSAGE}`,
      )
      .pluck();
    this.#names = db.prepare(
      `SELECT name.msg_id, client_msg_id FROM client_msg_ids AS name
       LEFT JOIN messages AS message ON message.message_key = ${messageKey("name.room_key", "name.msg_id")}
       WHERE name.room_key = :room_key AND (name.msg_id > :last_id OR (name.msg_id >= :first_id AND (
         message.user_id IS NOT name.user_id OR message.timestmap IS NOT name.timestmap)))`,
    );
    this.#changes = new ChangesCheck(db);
    this.#authors = new AuthorsCheck(db);
  }

  /** All that is wrong with a log, in order. Calls `seen` for each entry. */
  *faults(life: LifeRow, seen: () => void): Generator<Found> {
    const sum: Sum = {
      msg_id: life.first_id - 1,
      timestmap: life.base_timestmap,
      bytes: 0,
      digest: life.base_digest,
    };
    yield* base(life);
    for (const row of this.#entries.iterate(life.room_key, life.room_key)) {
      seen();
      const entry = entryOf(row);
      if (TEXTS.some((name) => typeof entry[name] !== "string")) {
        yield { msg_id: entry.msg_id, what: "a text that is none" };
        continue;
      }
      yield* follows(entry, sum);
      yield* this.#content(entry, life.room_key);
      yield* this.#changes.faults(entry, life);
      yield* this.#authors.faults(entry, life);
    }
    yield* this.#authors.faultsAtEnd(life);
    yield* counters(life, sum);
    for (const { msg_id, client_msg_id } of this.#names.iterate(life))
      yield { msg_id, what: `the name ${JSON.stringify(client_msg_id)} of a send is not of this entry` };
  }

  /** What the digest does not see: text that is no UTF-8 any more, and the body of an erased entry. */
  *#content(entry: Entry & Proof, room_key: number): Generator<Found> {
    const { msg_id, msg, mentions, erased, seal } = entry;
    const isOdd = TEXTS.some((name) => entry[name].includes(REPLACED));
    const bytes = isOdd ? this.#bytes.get(room_key, msg_id) : NOTHING;
    // It stands where nobody looks for it.
    if (!bytes) yield { msg_id, what: "an entry that is not found by its id" };
    else if (!isUtf8(bytes)) yield { msg_id, what: "text that is not UTF-8" };
    if (seal.length === HASH_DIGITS && (msg !== "{}" || mentions !== null))
      yield { msg_id, what: "an erased entry has a body" };
    if (erased !== (seal.length === HASH_DIGITS ? 1 : null))
      yield { msg_id, what: "an entry with a commitment is erased, and no other" };
    if (seal.length !== HASH_DIGITS && seal.length !== SALT_DIGITS)
      yield { msg_id, what: "neither salt nor commitment", found: seal };
  }
}

function entryOf(row: Row): Entry & Proof {
  const [msg_id, user_id, session_id, timestmap, msg, op, ref, changed_by, mentions, erased, seal, digest] =
    row;
  return { msg_id, user_id, session_id, timestmap, msg, op, ref, changed_by, mentions, erased, seal, digest };
}

/** A log of which nothing was dropped begins with its name. */
function* base(life: LifeRow): Generator<Found> {
  const expected = startDigest(life);
  if (life.first_id === 1 && life.base_digest !== expected)
    yield { msg_id: 0, what: "the digest before the first entry", expected, found: life.base_digest };
}

/** After a fault it goes on from what is there, so that one change is one fault, and not all that follows. */
function* follows(entry: Entry & Proof, sum: Sum): Generator<Found> {
  const { msg_id, timestmap, msg, digest } = entry;
  if (msg_id !== sum.msg_id + 1)
    yield { msg_id, what: "the id does not follow", expected: sum.msg_id + 1, found: msg_id };
  if (timestmap < sum.timestmap)
    yield { msg_id, what: "the time falls", expected: `at least ${sum.timestmap}`, found: timestmap };
  const expected = digestOf(sum.digest, entry);
  if (digest !== expected) yield { msg_id, what: "the digest", expected, found: digest };
  Object.assign(sum, { msg_id, timestmap, digest, bytes: sum.bytes + Buffer.byteLength(msg) });
}

function* counters(life: LifeRow, sum: Sum): Generator<Found> {
  const counted = {
    last_id: sum.msg_id,
    last_timestmap: sum.timestmap,
    bytes: sum.bytes,
    digest: sum.digest,
  };
  for (const [name, expected] of Object.entries(counted)) {
    const found = life[name as keyof typeof counted];
    if (found !== expected) yield { what: `${name} of the room`, expected, found };
  }
}
