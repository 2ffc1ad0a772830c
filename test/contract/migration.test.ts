import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { SqliteStore } from "../../packages/server/src/store/sqlite/index.ts";
import { migrations, step } from "../../packages/server/src/store/sqlite/migrations.ts";
import { dataDirectory } from "../support/server.ts";

const one = { service: "main", room_id: "one" };
const page = { ...one, order: "asc", limit: 10, max_bytes: 1000 } as const;

test("a file of schema 1 is brought up to date: rooms, lives, logs and what they hold", async () => {
  const directory = dataDirectory();
  writeSchema1(directory);
  const store = new SqliteStore(directory);
  await store.open();
  const living = { epoch: "e2", first_id: 1, last_id: 2 };
  const info = { class: "sfu", timeout: 60, meta: { a: 1 } };
  expect(await store.room(one)).toEqual({ ...one, service: undefined, ...living, info });
  const times = { first_time: 30, last_time: 31 };
  expect(await store.life(one)).toEqual({ ...living, created_at: 30, count: 2, bytes: 12, ...times });
  expect(await store.endedLives({ ...one, limit: 10 })).toEqual([
    {
      epoch: "e1",
      created_at: 10,
      destroyed_at: 20,
      first_id: 1,
      last_id: 1,
      count: 1,
      bytes: 7,
      first_time: 11,
      last_time: 11,
    },
  ]);
  expect(await store.life({ ...one, room_id: "empty" })).toEqual({
    epoch: "e3",
    created_at: 40,
    first_id: 1,
    last_id: 0,
    count: 0,
    bytes: 0,
  });

  const ids = async (narrowed: object) =>
    (await store.messages({ ...page, ...narrowed }))?.messages.map(({ msg_id }) => msg_id);
  expect(await ids({ user_id: "bob" })).toEqual([2]);
  expect(await ids({ session_id: "s1" })).toEqual([1]);
  expect(await ids({ epoch: "e1" })).toEqual([1]);

  const send = { kind: "append", ...one, user_id: "ann", session_id: "s1", timestmap: 5, msg: "{}" } as const;
  const named = { ...send, client_msg_id: "x" };
  expect(await store.commit([named, named])).toEqual([
    { kind: "appended", epoch: "e2", msg_id: 3, timestmap: 31 },
    { kind: "duplicate", msg_id: 3 },
  ]);
  await store.close();

  const db = new Database(join(directory, "roomlog.db"));
  expect(db.pragma("foreign_key_check")).toEqual([]);
  expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
  expect(db.pragma("user_version", { simple: true })).toBe(migrations.length);
  expect(() => db.exec("INSERT INTO changes VALUES (99, 1, 1)")).toThrow("FOREIGN KEY");
  db.close();
});

test("[M8] a long log of schema 2 is found by author after it was brought up to date", async () => {
  const directory = dataDirectory();
  const db = new Database(join(directory, "roomlog.db"));
  for (const migration of migrations.slice(0, 2)) step(db, migration);
  db.pragma("user_version = 2");
  db.exec(`
    INSERT INTO rooms (room_key, service, room_id, epoch, class, created_at, first_id, last_id, info)
    VALUES (1, 'main', 'one', 'e1', 'chat', 10, 100, 700, '{"class":"chat"}');
    WITH RECURSIVE ids (n) AS (VALUES (100) UNION ALL SELECT n + 1 FROM ids WHERE n < 700)
    INSERT INTO messages SELECT 1, n, n, iif(n % 3, 'ann', 'bob'), 's' || (n % 4), '{}' FROM ids`);
  db.close();

  const store = new SqliteStore(directory);
  await store.open();
  const ids = async (by: object) => {
    const query = {
      service: "main",
      room_id: "one",
      order: "asc",
      limit: 1000,
      max_bytes: 1_000_000,
    } as const;
    return (await store.messages({ ...query, ...by }))?.messages.map(({ msg_id }) => msg_id);
  };
  const all = Array.from({ length: 601 }, (_, i) => 100 + i);
  expect(await ids({ user_id: "bob" })).toEqual(all.filter((n) => n % 3 === 0));
  expect(await ids({ session_id: "s3" })).toEqual(all.filter((n) => n % 4 === 3));
  await store.close();
});

test("[W4] a file of schema 4 takes webhooks, which are told nothing of what it holds", async () => {
  const directory = dataDirectory();
  const db = new Database(join(directory, "roomlog.db"));
  for (const migration of migrations.slice(0, 4)) step(db, migration);
  db.pragma("user_version = 4");
  db.exec(`
    INSERT INTO rooms (room_key, service, room_id, epoch, class, created_at, last_id, last_timestmap, info)
    VALUES (1, 'main', 'one', 'e1', 'chat', 10, 1, 30, '{"class":"chat"}');
    INSERT INTO messages VALUES (1, 1, 30, 'ann', 's1', '{}')`);
  db.close();

  const store = new SqliteStore(directory);
  await store.open();
  const set = {
    kind: "set_webhooks",
    service: "main",
    webhooks: ["hook"],
    now: 40,
    forget_before: 0,
  } as const;
  const send = {
    kind: "append",
    ...one,
    user_id: "ann",
    session_id: "s1",
    timestmap: 50,
    msg: "{}",
  } as const;
  const hook = { service: "main", webhook: "hook" };
  await store.commit([set]);
  expect(await store.roomsBehind({ ...hook, from: 0, most: 10 })).toEqual({ room_ids: [], next: undefined });
  await store.commit([send]);
  expect(await store.undelivered({ ...hook, room_id: "one" })).toMatchObject({ delivered_id: 1, last_id: 2 });
  await store.close();
});

test("[M15] [M16] [M20] [M21] entries of a file of schema 12 say what they said", async () => {
  const directory = dataDirectory();
  const db = new Database(join(directory, "roomlog.db"));
  for (const migration of migrations.slice(0, 12)) step(db, migration);
  db.pragma("user_version = 12");
  db.exec(`
    INSERT INTO rooms (room_key, service, room_id, epoch, class, created_at, last_id, info, digest, base_digest)
    VALUES (1, 'main', 'one', 'e1', 'chat', 10, 5, '{"class":"chat"}', x'', x'');
    INSERT INTO messages (room_key, msg_id, timestmap, user_id, session_id, msg, op, ref, changed_by, mentions, erased, seal, digest)
    VALUES
      (1, 1, 30, 'ann', 's1', '{"n":1}', NULL, NULL, 4, NULL, NULL, x'01', x'0a'),
      (1, 2, 31, 'bob', 's2', '{"n":2}', NULL, 1, NULL, '["ann"]', NULL, x'02', x'0b'),
      (1, 3, 32, 'bob', 's2', '{}', NULL, NULL, NULL, NULL, 1, x'03', x'0c'),
      (1, 4, 33, 'ann', 's1', '{"n":4}', 'edit', 1, NULL, NULL, NULL, x'04', x'0d'),
      (1, 5, 34, 'ann', 's3', '{"é":5}', NULL, NULL, NULL, NULL, NULL, x'${"05".repeat(16)}', x'0e')`);
  db.close();

  const store = new SqliteStore(directory);
  await store.open();
  const found = await store.messages({ ...page, digest: true, refs: true });
  expect(found?.messages).toMatchObject([
    { msg_id: 1, user_id: "ann", session_id: "s1", timestmap: 30, msg: '{"n":4}', log: { refs: 1 } },
    { msg_id: 2, msg: '{"n":2}', log: { ref: 1, mentions: ["ann"] } },
    { msg_id: 3, msg: "{}", log: { erased: true } },
    { msg_id: 4, msg: '{"n":4}', log: { op: "edit", ref: 1 } },
    { msg_id: 5, session_id: "s3", msg: '{"é":5}', log: { salt: "05".repeat(16), digest: "0e" } },
  ]);
  await store.close();
});

/** One room id with an ended and a living life, and a room without messages. */
function writeSchema1(directory: string): void {
  const db = new Database(join(directory, "roomlog.db"));
  db.pragma("auto_vacuum = incremental");
  db.pragma("journal_mode = wal");
  db.exec(migrations[0] as string);
  db.pragma("user_version = 1");
  db.exec(`
    INSERT INTO rooms VALUES
      (1, 'main', 'one', 'e1', 'chat', NULL, '{"class":"chat"}', 10, 20, 1, 11),
      (2, 'main', 'one', 'e2', 'sfu', 60, '{"class":"sfu","timeout":60,"meta":{"a":1}}', 30, NULL, 2, 31),
      (5, 'main', 'empty', 'e3', 'chat', NULL, '{"class":"chat"}', 40, NULL, 0, 0);
    INSERT INTO messages VALUES
      (1, 1, 11, 'ann', 's1', '{"a":1}'),
      (2, 1, 30, 'ann', 's1', '{}'),
      (2, 2, 31, 'bob', 's2', '{"é":"1"}');
  `);
  db.close();
}
