import type Database from "better-sqlite3";
import { digestAll } from "./migrate-digests.ts";

/** SQL, or what SQL alone cannot do. */
export type Migration = string | ((db: Database.Database) => void);

/**
 * The schema, step by step: entry n brings a file from `user_version` n to n + 1. Entries are never changed
 * once released. `docs/storage.md` explains the tables to those who look into the file.
 */
export const migrations: readonly Migration[] = [
  `
  CREATE TABLE rooms (
    room_key       INTEGER PRIMARY KEY,
    service        TEXT    NOT NULL,
    room_id        TEXT    NOT NULL,
    epoch          TEXT    NOT NULL,
    class          TEXT    NOT NULL,
    timeout        INTEGER,
    info           TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    destroyed_at   INTEGER,
    last_id        INTEGER NOT NULL DEFAULT 0,
    last_timestmap INTEGER NOT NULL DEFAULT 0,
    UNIQUE (service, room_id, epoch)
  ) STRICT;

  CREATE UNIQUE INDEX live_rooms ON rooms (service, room_id) WHERE destroyed_at IS NULL;

  CREATE TABLE messages (
    room_key   INTEGER NOT NULL REFERENCES rooms (room_key),
    msg_id     INTEGER NOT NULL,
    timestmap  INTEGER NOT NULL,
    user_id    TEXT    NOT NULL,
    session_id TEXT    NOT NULL,
    msg        TEXT    NOT NULL,
    PRIMARY KEY (room_key, msg_id)
  ) STRICT, WITHOUT ROWID;
  `,
  // `rooms` is made anew so that `info`, which may be large, stands last: what is before it is read without it.
  `
  CREATE TABLE new_rooms (
    room_key       INTEGER PRIMARY KEY,
    service        TEXT    NOT NULL,
    room_id        TEXT    NOT NULL,
    epoch          TEXT    NOT NULL,
    class          TEXT    NOT NULL,
    timeout        INTEGER,
    created_at     INTEGER NOT NULL,
    destroyed_at   INTEGER,
    kept           INTEGER NOT NULL DEFAULT 1,
    first_id       INTEGER NOT NULL DEFAULT 1,
    last_id        INTEGER NOT NULL DEFAULT 0,
    last_timestmap INTEGER NOT NULL DEFAULT 0,
    bytes          INTEGER NOT NULL DEFAULT 0,
    max_age        INTEGER,
    max_messages   INTEGER,
    max_bytes      INTEGER,
    info           TEXT    NOT NULL,
    UNIQUE (service, room_id, epoch)
  ) STRICT;

  INSERT INTO new_rooms
    (room_key, service, room_id, epoch, class, timeout, created_at, destroyed_at, last_id, last_timestmap, bytes, info)
  SELECT
    room_key, service, room_id, epoch, class, timeout, created_at, destroyed_at, last_id, last_timestmap,
    (SELECT ifnull(sum(octet_length(msg)), 0) FROM messages WHERE messages.room_key = rooms.room_key),
    info
  FROM rooms;

  DROP TABLE rooms;
  ALTER TABLE new_rooms RENAME TO rooms;

  CREATE UNIQUE INDEX live_rooms ON rooms (service, room_id) WHERE destroyed_at IS NULL;
  CREATE INDEX ended_rooms ON rooms (service, room_id) WHERE destroyed_at IS NOT NULL AND kept;

  CREATE INDEX messages_by_user ON messages (room_key, user_id, msg_id);
  CREATE INDEX messages_by_session ON messages (room_key, session_id, msg_id);

  CREATE TABLE client_msg_ids (
    room_key      INTEGER NOT NULL REFERENCES rooms (room_key),
    user_id       TEXT    NOT NULL,
    client_msg_id TEXT    NOT NULL,
    msg_id        INTEGER NOT NULL,
    timestmap     INTEGER NOT NULL,
    PRIMARY KEY (room_key, user_id, client_msg_id)
  ) STRICT, WITHOUT ROWID;

  CREATE UNIQUE INDEX client_msg_ids_by_message ON client_msg_ids (room_key, msg_id);
  `,
  // The index by author for each 256 messages instead of each one, see `authors.ts`.
  `
  DROP INDEX messages_by_user;
  DROP INDEX messages_by_session;

  CREATE TABLE authors (
    room_key INTEGER NOT NULL REFERENCES rooms (room_key),
    author   TEXT    NOT NULL,
    last_id  INTEGER NOT NULL,
    places   BLOB    NOT NULL,
    PRIMARY KEY (room_key, author, last_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TEMP TABLE placed AS
  SELECT room_key, msg_id, (msg_id - 1) / 256 AS chunk, printf('%02x', (msg_id - 1) % 256) AS place, user_id, session_id
  FROM messages JOIN rooms USING (room_key) WHERE msg_id <= last_id / 256 * 256;

  INSERT INTO authors
  SELECT room_key, 'u' || user_id, max(msg_id), unhex(group_concat(place, '' ORDER BY msg_id))
  FROM placed GROUP BY room_key, user_id, chunk
  UNION ALL
  SELECT room_key, 's' || session_id, max(msg_id), unhex(group_concat(place, '' ORDER BY msg_id))
  FROM placed GROUP BY room_key, session_id, chunk;

  DROP TABLE placed;
  `,
  // Who may do what in a room.
  `
  CREATE TABLE room_access (
    room_key INTEGER PRIMARY KEY REFERENCES rooms (room_key),
    access   TEXT NOT NULL
  ) STRICT;

  CREATE TABLE standings (
    standing_key INTEGER PRIMARY KEY,
    room_key     INTEGER NOT NULL REFERENCES rooms (room_key),
    user_id      TEXT    NOT NULL,
    role         TEXT,
    role_until   INTEGER,
    muted        INTEGER,
    muted_until  INTEGER,
    since_id     INTEGER,
    UNIQUE (room_key, user_id)
  ) STRICT;
  `,
  // How far webhooks have been told. Cursors stand with their room, since they go with it.
  `
  CREATE TABLE webhooks (
    webhook_key INTEGER PRIMARY KEY,
    service     TEXT    NOT NULL,
    webhook     TEXT    NOT NULL,
    since       INTEGER NOT NULL,
    removed_at  INTEGER,
    UNIQUE (service, webhook)
  ) STRICT;

  CREATE TABLE webhook_cursors (
    room_key     INTEGER NOT NULL REFERENCES rooms (room_key),
    webhook_key  INTEGER NOT NULL REFERENCES webhooks (webhook_key),
    delivered_id INTEGER NOT NULL,
    ended        INTEGER NOT NULL,
    PRIMARY KEY (room_key, webhook_key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE dead_letters (
    letter      INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_key INTEGER NOT NULL REFERENCES webhooks (webhook_key),
    room_id     TEXT    NOT NULL,
    epoch       TEXT    NOT NULL,
    from_id     INTEGER NOT NULL,
    to_id       INTEGER NOT NULL,
    error       TEXT    NOT NULL,
    at          INTEGER NOT NULL
  ) STRICT;

  CREATE INDEX dead_letters_by_webhook ON dead_letters (webhook_key);
  CREATE INDEX dead_letters_by_life ON dead_letters (webhook_key, room_id, epoch);
  `,
  // Entries that change or refer to others.
  `
  ALTER TABLE messages ADD COLUMN op TEXT;
  ALTER TABLE messages ADD COLUMN ref INTEGER;
  ALTER TABLE messages ADD COLUMN changed_by INTEGER;

  CREATE INDEX messages_by_ref ON messages (room_key, ref, msg_id) WHERE ref IS NOT NULL;
  `,
  digestAll,
  // What the messages of a type have to be in a room.
  `
  CREATE TABLE schemas (
    schema_key INTEGER PRIMARY KEY,
    room_key   INTEGER NOT NULL REFERENCES rooms (room_key),
    type       TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    from_id    INTEGER NOT NULL,
    user_id    TEXT    NOT NULL,
    set_at     INTEGER NOT NULL,
    schema     TEXT,
    UNIQUE (room_key, type, version)
  ) STRICT;
  `,
  // How far users have read. Edits and deletions are numbered, so that those behind an id are counted by two of them.
  `
  ALTER TABLE rooms ADD COLUMN marks INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN mentions TEXT;

  CREATE TABLE marks (
    room_key INTEGER NOT NULL REFERENCES rooms (room_key),
    user_id  TEXT    NOT NULL,
    msg_id   INTEGER NOT NULL,
    PRIMARY KEY (room_key, user_id)
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX marks_by_user ON marks (user_id);

  CREATE TABLE mentions (
    room_key INTEGER NOT NULL REFERENCES rooms (room_key),
    user_id  TEXT    NOT NULL,
    msg_id   INTEGER NOT NULL,
    PRIMARY KEY (room_key, user_id, msg_id)
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX mentions_by_message ON mentions (room_key, msg_id);

  CREATE TABLE changes (
    room_key INTEGER NOT NULL REFERENCES rooms (room_key),
    msg_id   INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    PRIMARY KEY (room_key, msg_id)
  ) STRICT, WITHOUT ROWID;

  INSERT INTO changes (room_key, msg_id, number)
    SELECT room_key, msg_id, row_number() OVER (PARTITION BY room_key ORDER BY msg_id)
    FROM messages WHERE ref IS NOT NULL AND op IS NOT NULL;
  `,
  // Which messages have which words, see `search-index.ts`, and how far that is known of a log. Segments of the index are
  // merged when there are 8 of a size: with 4, the default, a message costs a fifth more and is found no sooner.
  `
  CREATE VIRTUAL TABLE message_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'ascii');

  INSERT INTO message_words (message_words, rank) VALUES ('pgsz', 8000), ('automerge', 8);

  CREATE TABLE search_ids (
    room_key  INTEGER PRIMARY KEY REFERENCES rooms (room_key),
    search_id INTEGER NOT NULL
  ) STRICT;
  `,
  // What was erased, and what must not be.
  `
  ALTER TABLE messages ADD COLUMN erased INTEGER;

  CREATE TABLE holds (
    service TEXT    NOT NULL,
    room_id TEXT    NOT NULL,
    epoch   TEXT    NOT NULL,
    reason  TEXT,
    since   INTEGER NOT NULL,
    held_by TEXT    NOT NULL,
    PRIMARY KEY (service, room_id, epoch)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE erasures (
    erasure_key INTEGER PRIMARY KEY,
    service     TEXT    NOT NULL,
    receipt     TEXT    NOT NULL,
    user_id     TEXT    NOT NULL,
    asked_by    TEXT    NOT NULL,
    at          INTEGER,
    messages    INTEGER NOT NULL DEFAULT 0,
    bytes       INTEGER NOT NULL DEFAULT 0,
    UNIQUE (service, receipt)
  ) STRICT;

  CREATE INDEX open_erasures ON erasures (service, user_id) WHERE at IS NULL;

  CREATE TABLE erasure_rooms (
    erasure_key INTEGER NOT NULL REFERENCES erasures (erasure_key),
    room_id     TEXT    NOT NULL,
    held        INTEGER NOT NULL,
    PRIMARY KEY (erasure_key, room_id, held)
  ) STRICT, WITHOUT ROWID;
  `,
  // The edits of a message, without a look at what else refers to it.
  "CREATE INDEX edits_by_message ON messages (room_key, ref, msg_id) WHERE op = 'edit';",
  // One number finds a message, see `message-key.ts`. What may be large stands last, so that what is before it is read without it.
  `
  CREATE TABLE new_messages (
    message_key INTEGER PRIMARY KEY,
    room_key    INTEGER NOT NULL GENERATED ALWAYS AS (message_key >> 32) VIRTUAL,
    msg_id      INTEGER NOT NULL GENERATED ALWAYS AS (message_key & 0xffffffff) VIRTUAL,
    timestmap   INTEGER NOT NULL,
    user_id     TEXT    NOT NULL,
    session_id  TEXT    NOT NULL,
    op          TEXT,
    ref         INTEGER,
    changed_by  INTEGER,
    erased      INTEGER,
    seal        BLOB    NOT NULL,
    digest      BLOB    NOT NULL,
    mentions    TEXT,
    msg         TEXT    NOT NULL
  ) STRICT;

  INSERT INTO new_messages
    (message_key, timestmap, user_id, session_id, op, ref, changed_by, erased, seal, digest, mentions, msg)
  SELECT
    room_key << 32 | msg_id, timestmap, user_id, session_id, op, ref, changed_by, erased, seal, digest, mentions, msg
  FROM messages ORDER BY room_key, msg_id;

  DROP TABLE messages;
  ALTER TABLE new_messages RENAME TO messages;

  CREATE INDEX messages_by_ref ON messages (room_key, ref, msg_id) WHERE ref IS NOT NULL;
  CREATE INDEX edits_by_message ON messages (room_key, ref, msg_id) WHERE op = 'edit';
  `,
];

export function step(db: Database.Database, migration: Migration): void {
  if (typeof migration === "string") db.exec(migration);
  else migration(db);
}
