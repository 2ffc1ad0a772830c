/**
 * The schema, step by step: entry n brings a file from `user_version` n to n + 1. Entries are never changed
 * once released. `docs/storage.md` explains the tables to those who look into the file.
 */
export const migrations: readonly string[] = [
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
];
