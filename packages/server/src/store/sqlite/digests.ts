import type Database from "better-sqlite3";
import type { DigestQuery, LogDigest } from "../store.ts";
import { messageKey } from "./message-key.ts";

interface Row {
  readonly epoch: string;
  readonly msg_id: number;
  /** Hex; empty when the entry is not kept. */
  readonly digest: string;
}

/** `at`: null for the newest. */
interface Asked extends Omit<DigestQuery, "at"> {
  readonly at: number | null;
}

const ROW = `
  SELECT epoch, ifnull(:at, last_id) AS msg_id, lower(hex(CASE ifnull(:at, last_id)
    WHEN first_id - 1 THEN base_digest
    ELSE (SELECT digest FROM messages WHERE message_key = ${messageKey("rooms.room_key", "ifnull(:at, last_id)")})
  END)) AS digest
  FROM rooms WHERE service = :service AND room_id = :room_id`;

/** Reads digests of logs up to an entry (M23). */
export class Digests {
  readonly #living: Database.Statement<[Asked], Row>;
  readonly #byEpoch: Database.Statement<[Asked], Row>;

  constructor(db: Database.Database) {
    this.#living = db.prepare(`${ROW} AND destroyed_at IS NULL`);
    this.#byEpoch = db.prepare(`${ROW} AND epoch = :epoch AND kept`);
  }

  digest({ at, ...key }: DigestQuery): LogDigest | undefined {
    const statement = key.epoch === undefined ? this.#living : this.#byEpoch;
    const row = statement.get({ ...key, at: at ?? null });
    return row && { ...row, digest: row.digest || undefined };
  }
}
