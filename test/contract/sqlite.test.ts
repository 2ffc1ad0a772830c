import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { StoreError } from "roomlog";
import { durableStoreContract, storeContract } from "roomlog/testing";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { ManagedStore } from "../../packages/server/src/store/managed.ts";
import { checkLibrary, openForWriting } from "../../packages/server/src/store/sqlite/file.ts";
import { SqliteStore } from "../../packages/server/src/store/sqlite/index.ts";
import { dataDirectory } from "../support/server.ts";

/** Concurrent, because each store starts two threads, and most of a case is that. */
describe.concurrent("the SQLite store", () => {
  const parent = mkdtempSync(join(tmpdir(), "roomlog-test-"));
  afterAll(() => rmSync(parent, { recursive: true }));
  const cases = [...storeContract, ...durableStoreContract].map((one, number) => ({ ...one, number }));
  test.each(cases)("$title", ({ run, number }) => {
    const directory = join(parent, `case ${number}`);
    return run(() => new SqliteStore(directory));
  });
});

test("[M3] a log has ids of 32 bits: behind the last one nothing is stored, and a neighbour never shows", async () => {
  const directory = dataDirectory();
  const room = { service: "main", room_id: "full" };
  const info = { class: "chat" } as const;
  const send = { ...room, kind: "append", user_id: "ann", session_id: "s", timestmap: 5, msg: "{}" } as const;
  const first = new SqliteStore(directory);
  await first.open();
  await first.commit([
    { ...room, kind: "create_room", epoch: "e1", info, created_at: 1 },
    { ...room, kind: "create_room", room_id: "next", epoch: "e2", info, created_at: 1 },
    { ...send, room_id: "next" },
  ]);
  await first.close();
  const db = new Database(join(directory, "roomlog.db"));
  db.exec("UPDATE rooms SET first_id = 4294967294, last_id = 4294967293 WHERE room_id = 'full'");
  db.close();

  const store = new SqliteStore(directory);
  await store.open();
  onTestFinished(() => store.close());
  const named = { ...send, client_msg_id: "x" };
  const full = { kind: "refused", reason: "log_full" };
  expect(await store.commit([named, named, send, { ...send, ref: 2 }])).toEqual([
    { kind: "appended", epoch: "e1", msg_id: 4294967294, timestmap: 5 },
    { kind: "duplicate", msg_id: 4294967294 },
    full,
    full,
  ]);
  expect(await store.commit([named, send])).toEqual([{ kind: "duplicate", msg_id: 4294967294 }, full]);
  const ids = async (asked: object) =>
    (await store.messages({ ...room, order: "asc", limit: 10, max_bytes: 1000, ...asked }))?.messages.map(
      ({ msg_id }) => msg_id,
    );
  expect(await ids({})).toEqual([4294967294]);
  expect(await ids({ after: 4294967294 })).toEqual([]);
  expect(await ids({ room_id: "next" })).toEqual([1]);
  expect(await ids({ room_id: "next", ref: 2 ** 32 + 1 })).toEqual([]);
  expect(await store.digest({ ...room, at: 2 ** 32 + 1 })).toMatchObject({ digest: undefined });
});

describe("what does not open", () => {
  test("a database of a newer schema, until Roomlog is newer too", async () => {
    const directory = dataDirectory();
    await (await opened(directory)).close();
    const version = pragma(directory, "user_version");
    pragma(directory, "user_version = 1000");
    const error = await refusal(directory);
    expect(error.reason).toBe("newer_schema");
    expect(error.message).toMatch(/schema 1000.*Upgrade Roomlog, or choose another --data directory/);
    pragma(directory, `user_version = ${version}`);
    await opened(directory);
  });

  test("a directory that another store of this process holds, until that is closed", async () => {
    const directory = dataDirectory();
    const first = await opened(directory);
    const error = await refusal(directory);
    expect(error.reason).toBe("in_use");
    expect(error.message).toContain(directory);
    expect((await refusal(directory)).reason).toBe("in_use");
    expect(await first.rooms({ service: "main", limit: 1 })).toEqual([]);
    await first.close();
    await opened(directory);
  });

  test.each([
    ["is a file", aFile],
    ["lies below a file", (parent: string) => join(aFile(parent), "data")],
    ["has a directory in place of the database", aDirectoryForADatabase],
  ])("a data directory that %s", async (_, make) => {
    const directory = make(dataDirectory());
    const error = await refusal(directory);
    expect(error.reason).toBe("unavailable");
    expect(error.message).toContain(directory);
    expect(error.message).toContain("Check that it is");
  });

  test("a file that is no database", async () => {
    const directory = dataDirectory();
    writeFileSync(join(directory, "roomlog.db"), "a letter to a friend, of some length".repeat(100));
    expect((await refusal(directory)).reason).toBe("unavailable");
  });

  test.each(["3.51.2", "3.51.0", "3.40.1", "3.9.0", "2.99.9"])("SQLite %s", (version) => {
    expect(() => checkLibrary(version)).toThrow(StoreError);
    expect(() => checkLibrary(version)).toThrow(/3\.51\.3 or newer/);
  });
});

test.each(["3.51.3", "3.51.10", "3.52.0", "3.100.0", "4.0.0"])("SQLite %s is new enough", (version) => {
  expect(() => checkLibrary(version)).not.toThrow();
});

test("the database is in WAL mode and can give back the space of what is deleted", async () => {
  const directory = dataDirectory();
  await (await opened(directory)).close();
  expect(pragma(directory, "journal_mode")).toBe("wal");
  expect(pragma(directory, "auto_vacuum")).toBe(2);
});

test("the log of a destroyed room stays in the file, under its epoch", async () => {
  const directory = dataDirectory();
  const store = new SqliteStore(directory);
  await store.open();
  const room = { service: "main", room_id: "r1" };
  const message = { user_id: "ann", session_id: "s1", timestmap: 7, msg: "{}" };
  await store.commit([
    { kind: "create_room", ...room, epoch: "e1", info: { class: "chat" }, created_at: 1 },
    { kind: "append", ...room, ...message },
    { kind: "append", ...room, ...message },
    { kind: "destroy_room", ...room, destroyed_at: 9, keep_log: true },
  ]);
  await store.close();
  const ended =
    "SELECT epoch, destroyed_at, last_id, last_timestmap, msg_id, msg FROM rooms JOIN messages USING (room_key)";
  const row = { epoch: "e1", destroyed_at: 9, last_id: 2, last_timestmap: 7, msg: "{}" };
  expect(inDatabase(directory, (db) => db.prepare(ended).all())).toEqual([
    { ...row, msg_id: 1 },
    { ...row, msg_id: 2 },
  ]);
});

test("only the owner can read the directory and its files", async () => {
  const directory = join(dataDirectory(), "new", "data");
  await opened(directory);
  const files = readdirSync(directory);
  expect(files).toEqual(expect.arrayContaining(["roomlog.db", "roomlog.db-wal", "roomlog.lock"]));
  expect(mode(directory)).toBe("700");
  for (const file of files) expect([file, mode(join(directory, file))]).toEqual([file, "600"]);
});

/** An open store, closed when the test is finished. */
async function opened(directory: string): Promise<ManagedStore> {
  const limits = { batch_writes: 10, batch_bytes: 1000 };
  const store = new ManagedStore(new SqliteStore(directory), limits, () => {});
  await store.open();
  onTestFinished(() => store.close());
  return store;
}

async function refusal(directory: string): Promise<StoreError> {
  const error: unknown = await new SqliteStore(directory).open().catch((reason: unknown) => reason);
  if (error instanceof StoreError) return error;
  throw new Error("it was opened, or refused in another way", { cause: error });
}

function aFile(parent: string): string {
  const file = join(parent, "file");
  writeFileSync(file, "");
  return file;
}

function aDirectoryForADatabase(parent: string): string {
  mkdirSync(join(parent, "roomlog.db"));
  return parent;
}

/** Looks into the database of a closed store. */
function inDatabase<T>(directory: string, look: (db: Database.Database) => T): T {
  const db = new Database(join(directory, "roomlog.db"));
  try {
    return look(db);
  } finally {
    db.close();
  }
}

/** What a pragma says; `"name = value"` changes it. */
function pragma(directory: string, source: string): unknown {
  return inDatabase(directory, (db) => db.pragma(source, { simple: true }));
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test("[M4] the connection that writes syncs at every commit", () => {
  const db = openForWriting(dataDirectory());
  expect(db.pragma("synchronous", { simple: true })).toBe(2);
  expect(db.pragma("journal_mode", { simple: true })).toBe("wal");
  db.close();
});
