import { HASH_DIGITS, SALT_DIGITS } from "@roomlog/protocol";
import type Database from "better-sqlite3";
import { messageKey } from "./message-key.ts";

/** A message that neither changes, refers to nor mentions anything. */
export interface PlainRow {
  readonly room_key: number;
  readonly msg_id: number;
  readonly timestmap: number;
  readonly user_id: string;
  readonly session_id: string;
  readonly msg: string;
  /** Hex: a salt, or a commitment in its place. */
  readonly seal: string;
  /** Hex */
  readonly digest: string;
}

const COLUMNS = "message_key, timestmap, user_id, session_id, msg, seal, digest";

/** Messages of one INSERT: what a statement costs beside its rows is paid once. */
const MANY = 16;

const SEAL_BYTES = SALT_DIGITS / 2;
const PROOF_BYTES = SEAL_BYTES + HASH_DIGITS / 2;

const ONE_ROW = `
  INSERT INTO messages (${COLUMNS}) VALUES (${messageKey("?", "?")}, ?, ?, ?, ?, unhex(?), unhex(?))`;

/**
 * To bind a value costs as much as to store it, so all seals and digests are one text, taken apart here. The LIMIT keeps
 * SQLite from decoding it for each row anew.
 */
const MANY_ROWS = `
  INSERT INTO messages (${COLUMNS})
  SELECT ${messageKey("column1", "column2")}, column3, column4, column5, column6,
    substr(proofs, column7, ${SEAL_BYTES}), substr(proofs, column7 + ${SEAL_BYTES}, ${PROOF_BYTES - SEAL_BYTES})
  FROM (SELECT unhex(?) AS proofs LIMIT 1)
  CROSS JOIN (VALUES ${Array.from({ length: MANY }, (_, i) => `(?, ?, ?, ?, ?, ?, ${1 + i * PROOF_BYTES})`).join(", ")})`;

/** Writes messages, inside the writer's transactions. */
export class PlainRows {
  readonly #one: Database.Statement<unknown[]>;
  readonly #many: Database.Statement<unknown[]>;

  constructor(db: Database.Database) {
    this.#one = db.prepare(ONE_ROW);
    this.#many = db.prepare(MANY_ROWS);
  }

  insert(rows: readonly PlainRow[]): void {
    for (let at = 0; at < rows.length; at += MANY) {
      const some = rows.slice(at, at + MANY);
      if (some.length === MANY && some.every(isSealedBySalt)) this.#insertMany(some);
      else for (const row of some) this.#insertOne(row);
    }
  }

  #insertMany(rows: readonly PlainRow[]): void {
    let proofs = "";
    const cells: unknown[] = [];
    for (const { room_key, msg_id, timestmap, user_id, session_id, msg, seal, digest } of rows) {
      proofs += seal + digest;
      cells.push(room_key, msg_id, timestmap, user_id, session_id, msg);
    }
    this.#many.run([proofs, ...cells]);
  }

  #insertOne({ room_key, msg_id, timestmap, user_id, session_id, msg, seal, digest }: PlainRow): void {
    this.#one.run(room_key, msg_id, timestmap, user_id, session_id, msg, seal, digest);
  }
}

function isSealedBySalt({ seal }: PlainRow): boolean {
  return seal.length === SALT_DIGITS;
}
