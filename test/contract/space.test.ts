import { statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { openForWriting } from "../../packages/server/src/store/sqlite/file.ts";
import { SqliteStore } from "../../packages/server/src/store/sqlite/index.ts";
import type { Append, Trim } from "../../packages/server/src/store/store.ts";
import { dataDirectory } from "../support/server.ts";

const MIB = 1_048_576;
const one = { service: "main", room_id: "one" };
const create = {
  kind: "create_room",
  ...one,
  epoch: "e1",
  info: { class: "chat" },
  created_at: 1,
} as const;
const send: Append = {
  kind: "append",
  ...one,
  user_id: "ann",
  session_id: "s1",
  timestmap: 1,
  msg: JSON.stringify({ text: "x".repeat(8000) }),
};
const trim: Trim = {
  kind: "trim",
  ...one,
  epoch: "e1",
  bounds: { retention: {}, now: 0, names_before: 0 },
  most: 1000,
};

test("[M13] the file on the disk gets smaller when messages are dropped, slice by slice", async () => {
  const { store, directory } = await opened();
  await store.commit([create]);
  for (let i = 0; i < 10; i++) await store.commit(Array.from({ length: 100 }, () => send));
  await trimAll(store, { ...trim, before: 901 });
  const full = sizeOf(directory);
  expect(full).toBeGreaterThan(5 * MIB);
  let slices = 1;
  while (await store.tidy()) {
    expect(slices).toBeLessThan(100);
    slices += 1;
  }
  expect(slices).toBeGreaterThan(8);
  expect(sizeOf(directory)).toBeLessThan(3 * MIB);
  const page = await store.messages({ ...one, order: "asc", limit: 1000, max_bytes: 1e9 });
  expect(page?.messages.map(({ msg_id }) => msg_id)).toEqual(Array.from({ length: 100 }, (_, i) => 901 + i));
  expect(await store.commit([send])).toMatchObject([{ msg_id: 1001 }]);
  await store.close();
  expect(inDatabase(directory, (db) => db.pragma("integrity_check", { simple: true }))).toBe("ok");
});

test("[M13] a little space is kept for the next messages", async () => {
  const { store, directory } = await opened();
  await store.commit([create, ...Array.from({ length: 100 }, () => send)]);
  await store.tidy();
  const full = sizeOf(directory);
  await trimAll(store, { ...trim, before: 101 });
  expect(await store.tidy()).toBe(false);
  expect(sizeOf(directory)).toBe(full);
});

test("[M12] of a log that is not kept nothing stays in the file", async () => {
  const { store, directory } = await opened();
  const names = Array.from({ length: 50 }, (_, i) => ({ ...send, client_msg_id: `x${i}` }));
  await store.commit([create, ...names]);
  await store.commit([{ kind: "destroy_room", ...one, destroyed_at: 2, keep_log: false }]);
  await trimAll(store, { ...trim, most: 7 });
  await store.close();
  for (const table of ["rooms", "messages", "client_msg_ids"]) {
    const count = `SELECT count(*) FROM ${table}`;
    expect([table, inDatabase(directory, (db) => db.prepare(count).pluck().get())]).toEqual([table, 0]);
  }
});

test("the write-ahead log is cut back after a large commit", async () => {
  const db = openForWriting(dataDirectory());
  expect(db.pragma("journal_size_limit", { simple: true })).toBe(16 * MIB);
  db.close();
});

async function opened(): Promise<{ readonly store: SqliteStore; readonly directory: string }> {
  const directory = dataDirectory();
  const store = new SqliteStore(directory);
  await store.open();
  onTestFinished(() => store.close().catch(() => {}));
  return { store, directory };
}

async function trimAll(store: SqliteStore, order: Trim): Promise<void> {
  for (let slices = 0; slices < 1000; slices++) {
    const [written] = await store.commit([order]);
    if (written?.kind !== "trimmed") throw new Error(`a trim was answered ${written?.kind}`);
    if (!written.more) return;
  }
  throw new Error("the trims do not come to an end");
}

const sizeOf = (directory: string) => statSync(join(directory, "roomlog.db")).size;

/** Looks into the database of a closed store. */
function inDatabase<T>(directory: string, look: (db: Database.Database) => T): T {
  const db = new Database(join(directory, "roomlog.db"), { readonly: true });
  try {
    return look(db);
  } finally {
    db.close();
  }
}
