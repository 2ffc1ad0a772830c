import type Database from "better-sqlite3";
import type { Entry } from "../entries.ts";
import { digestOf, Salts, startDigest } from "../proof.ts";
import { forgetDropped } from "./authors.ts";

/**
 * `messages` is made anew, since every row changes: to fill a new table in its order takes a third of the time, and `msg`,
 * which may be large, stands last, so that what is before it is read without it.
 */
const TABLES = `
  CREATE TABLE new_messages (
    room_key   INTEGER NOT NULL REFERENCES rooms (room_key),
    msg_id     INTEGER NOT NULL,
    timestmap  INTEGER NOT NULL,
    user_id    TEXT    NOT NULL,
    session_id TEXT    NOT NULL,
    op         TEXT,
    ref        INTEGER,
    changed_by INTEGER,
    seal       BLOB    NOT NULL,
    digest     BLOB    NOT NULL,
    msg        TEXT    NOT NULL,
    PRIMARY KEY (room_key, msg_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE sums (
    name TEXT PRIMARY KEY,
    sum  BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;

  ALTER TABLE rooms ADD COLUMN digest BLOB NOT NULL DEFAULT x'';
  ALTER TABLE rooms ADD COLUMN base_digest BLOB NOT NULL DEFAULT x'';
  ALTER TABLE rooms ADD COLUMN base_timestmap INTEGER NOT NULL DEFAULT 0;
`;

const INSTEAD = `
  DROP TABLE messages;
  ALTER TABLE new_messages RENAME TO messages;
  CREATE INDEX messages_by_ref ON messages (room_key, ref, msg_id) WHERE ref IS NOT NULL;
`;

/** Messages that are held at once. */
const BLOCK = 1000;

interface Life {
  readonly room_key: number;
  readonly room_id: string;
  readonly epoch: string;
  readonly first_id: number;
}

/** Gives every entry of every log a salt and a digest (M23). What was dropped before has none: a log begins where it begins. */
export function digestAll(db: Database.Database): void {
  db.exec(TABLES);
  const salts = new Salts();
  const read = db.prepare<[number, number], Omit<Entry, "mentions">>(
    `SELECT msg_id, timestmap, user_id, session_id, op, ref, changed_by, msg FROM messages
     WHERE room_key = ? AND msg_id > ? ORDER BY msg_id LIMIT ${BLOCK}`,
  );
  const insert = db.prepare(
    "INSERT INTO new_messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, unhex(?), unhex(?), ?)",
  );
  const digestOfLog = ({ room_key, ...life }: Life): string => {
    let digest = startDigest(life);
    for (let block = read.all(room_key, 0); block.length > 0; ) {
      for (const { msg_id, timestmap, user_id, session_id, op, ref, changed_by, msg } of block) {
        const seal = salts.next();
        digest = digestOf(digest, { msg_id, timestmap, user_id, session_id, op, ref, seal, msg });
        insert.run(room_key, msg_id, timestmap, user_id, session_id, op, ref, changed_by, seal, digest, msg);
      }
      block = read.all(room_key, block.at(-1)?.msg_id as number);
    }
    return digest;
  };
  const keep = db.prepare(
    `UPDATE rooms SET digest = unhex(?), base_digest = unhex(?), base_timestmap = iif(first_id > last_id, last_timestmap, 0)
     WHERE room_key = ?`,
  );
  const lives = db.prepare<[], Life>(
    "SELECT room_key, room_id, epoch, first_id FROM rooms ORDER BY room_key",
  );
  for (const life of lives.all()) {
    keep.run(digestOfLog(life), startDigest(life), life.room_key);
    if (life.first_id > 1) forgetDropped(db, life);
  }
  db.exec(INSTEAD);
}
