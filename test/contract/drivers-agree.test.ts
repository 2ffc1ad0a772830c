import { join } from "node:path";
import Database from "better-sqlite3";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { MemoryStore } from "../../packages/server/src/store/memory.ts";
import { SqliteStore } from "../../packages/server/src/store/sqlite/index.ts";
import type { Bounds, MessageQuery, Store, Trim, Write } from "../../packages/server/src/store/store.ts";
import { dataDirectory } from "../support/server.ts";

/** Two drivers that have nothing in common but the contract say the same, whatever is written and asked. */

const RUNS = 60;
const EPOCHS = ["e0", "e1", "e2", "e3", "e4", "e5"];

const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined, freq: 2 });
const room_id = fc.constantFrom("a", "b");
const epoch = fc.constantFrom(...EPOCHS);
const retention = fc.record(
  {
    max_age: fc.integer({ min: 1, max: 5 }),
    max_messages: fc.integer({ min: 1, max: 6 }),
    max_bytes: fc.integer({ min: 1, max: 60 }),
  },
  { requiredKeys: [] },
);
const time = fc.integer({ min: 0, max: 8 }).map((seconds) => seconds * 1_000_000);
const bounds: fc.Arbitrary<Bounds> = fc.record({ retention, now: time, names_before: time });
const trim = fc.record({
  room_id,
  epoch,
  bounds,
  before: maybe(fc.nat(12)),
  most: fc.integer({ min: 1, max: 4 }),
});

const webhook = fc.constantFrom("v", "w");
const dead = fc.record({ from_id: fc.nat(9), to_id: fc.nat(9), error: fc.constant("late"), at: time });

const reader = fc.constantFrom("ann", "bob", "eve");

/** Writes of one service; an epoch is given once, as names of lives are. */
const write = fc.oneof(
  {
    weight: 2,
    arbitrary: fc
      .record({ room_id, retention: maybe(retention) })
      .map((o) => ({ kind: "create_room", ...o })),
  },
  { weight: 1, arbitrary: fc.record({ room_id, retention }).map((o) => ({ kind: "update_room", ...o })) },
  {
    weight: 2,
    arbitrary: fc
      .record({ room_id, epoch: maybe(epoch), keep_log: fc.boolean(), destroyed_at: time })
      .map((o) => ({ kind: "destroy_room", ...o })),
  },
  {
    weight: 12,
    arbitrary: fc
      .record({
        room_id,
        epoch: maybe(fc.constantFrom("e0", "e0", "e1", "e2")),
        user_id: fc.constantFrom("ann", "bob"),
        session_id: fc.constantFrom("s1", "s2", "s3"),
        client_msg_id: maybe(fc.constantFrom("x", "y", "z")),
        timestmap: time,
        ref: maybe(fc.integer({ min: 1, max: 9 })),
        change: maybe(fc.constantFrom({ op: "edit", any: true }, { op: "delete", any: true })),
        mentions: maybe(fc.uniqueArray(reader, { minLength: 1 })),
        msg: fc.constantFrom("{}", '{"é":1}', '{"a":"é x"}', '{"a":"xxxxxxxxxxxxxxxxxxx"}'),
        seal: fc.constantFrom("0f".repeat(16), "f0".repeat(16)),
      })
      .map(({ change, mentions, ...o }) => ({
        kind: "append",
        ...o,
        ...(change && o.ref !== undefined ? { change } : { mentions }),
      })),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({
        room_id,
        epoch: maybe(fc.constantFrom("e0", "e1")),
        user_id: reader,
        msg_id: fc.integer({ min: 1, max: 9 }),
      })
      .map((o) => ({ kind: "set_mark", ...o })),
  },
  { weight: 3, arbitrary: trim.map((o) => ({ kind: "trim", ...o })) },
  {
    weight: 2,
    arbitrary: fc
      .record({ webhooks: fc.uniqueArray(webhook), now: time, forget_before: time })
      .map((o) => ({ kind: "set_webhooks", ...o })),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({ room_id, epoch, webhook, delivered_id: fc.nat(9), ended: fc.boolean(), dead: maybe(dead) })
      .map((o) => ({ kind: "move_cursor", ...o })),
  },
);
const batches = fc.array(fc.array(write, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 });

const ranked = fc.record({ after: maybe(fc.nat(9)) });
const query: fc.Arbitrary<Omit<MessageQuery, "service">> = fc.record({
  room_id,
  epoch: maybe(epoch),
  after: maybe(fc.nat(9)),
  before: maybe(fc.nat(12)),
  from_time: maybe(time),
  to_time: maybe(time),
  user_id: maybe(fc.constantFrom("ann", "bob")),
  session_id: maybe(fc.constantFrom("s1", "s2", "s3")),
  search: maybe(
    fc.record({ text: fc.constantFrom("é", "xx*", "xxxxxxxxxxxxxxxxxxx", "y"), ranked: maybe(ranked) }),
  ),
  ref: maybe(fc.integer({ min: 1, max: 9 })),
  around: maybe(fc.nat(9)),
  order: fc.constantFrom("asc", "desc"),
  where: maybe(fc.constantFrom('{"user_id":"ann"}', '{"/n":{"exists":true}}', '{"not":{"session_id":"s1"}}')),
  view: maybe(
    fc.constantFrom('{"user_id":"ann"}', '{"/a":{"exists":false}}', '{"/$log/ref":{"exists":true}}'),
  ),
  max_scan: maybe(fc.integer({ min: 1, max: 9 })),
  limit: fc.integer({ min: 1, max: 6 }),
  digest: fc.boolean(),
  versions: maybe(fc.constantFrom("kept", "all")),
  max_bytes: fc.integer({ min: 1, max: 80 }),
}) as fc.Arbitrary<Omit<MessageQuery, "service">>;

test("[M6] [M8] [M9] [M12] [M13] [M15] [M18] [M19] [M20] [M23] [W2] [W4] [W6] memory and SQLite answer alike, whatever is written and asked", async () => {
  const questions = fc.record({
    queries: fc.array(query, { minLength: 6, maxLength: 6 }),
    bounds,
    trim,
    before: epoch,
    counted: fc.constantFrom({ messages: 0, bytes: 0 }, { messages: 1, bytes: 2 }),
  });
  const [memory, sqlite] = [new MemoryStore(), new SqliteStore(dataDirectory())];
  await sqlite.open();
  onTestFinished(() => sqlite.close());
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(batches, questions, async (parts, asked) => {
      const service = `run ${++runs}`;
      const answers = (store: Store) => play(store, service, parts, asked);
      expect(await answers(sqlite)).toEqual(await answers(memory));
    }),
    { numRuns: RUNS },
  );
});

interface Asked {
  readonly queries: readonly Omit<MessageQuery, "service">[];
  readonly bounds: Bounds;
  readonly trim: Omit<Trim, "kind" | "service" | "before"> & { readonly before: number | undefined };
  readonly before: string;
  readonly counted: { readonly messages: number; readonly bytes: number };
}

/** All answers of a store to the writes, batch by batch, with what it says after each. */
async function play(
  store: Store,
  service: string,
  parts: readonly (readonly object[])[],
  asked: Asked,
): Promise<unknown[]> {
  const said: unknown[] = [];
  let created = 0;
  for (const part of parts) {
    const writes = part.map((one) => {
      if (!("kind" in one) || one.kind !== "create_room") return { service, ...one } as Write;
      const { retention: own, ...room } = one as { retention?: object };
      const info = { class: "chat", ...(own && { retention: own }) };
      return { service, ...room, epoch: `e${created++}`, info, created_at: created } as unknown as Write;
    });
    said.push(await store.commit(writes), await look(store, service, asked));
  }
  return said;
}

async function look(store: Store, service: string, { queries, bounds, trim, before, counted }: Asked) {
  const said: unknown[] = [await store.rooms({ service, limit: 10 })];
  for (const room_id of ["a", "b"]) {
    const key = { service, room_id };
    said.push(await store.room(key), await store.digest(key), await store.endedLives({ ...key, limit: 2 }));
    said.push(await store.endedLives({ ...key, before, limit: 9 }), await store.life(key));
    for (const one of EPOCHS) said.push(await store.life({ ...key, epoch: one }));
    said.push(await store.marks({ ...key, limit: 9 }));
  }
  for (const user_id of ["ann", "bob", "eve"]) {
    const rooms = ["b", "nowhere", "a"].flatMap((room_id) => [
      { room_id, all: true },
      { room_id, all: false },
    ]);
    said.push(await store.unread({ service, user_id, rooms }));
    said.push(await store.markedRooms({ service, user_id, limit: 9 }));
  }
  for (const one of queries) said.push(await store.messages({ service, ...one } as MessageQuery));
  const { lives } = await store.overdue({ service, bounds, from: 0, most: 1_000_000 });
  for (const one of ["v", "w"]) {
    said.push(await store.roomsBehind({ service, webhook: one, from: 0, most: 1_000_000 }));
    for (const room_id of ["a", "b"]) said.push(await store.undelivered({ service, webhook: one, room_id }));
  }
  said.push(await store.webhooks({ service }), await store.deadLetters({ service, limit: 100 }));
  const { before: below, ...order } = trim;
  const purge = below === undefined ? order : { ...order, before: below };
  said.push(lives, await store.trimmable({ service, ...purge, counted }));
  return said;
}

/** Long enough for several chunks of the index by author, see `authors.ts`. */
const LONG = 900;

test("[M8] [M13] memory and SQLite answer alike by author in a long log, also while it is trimmed", async () => {
  const directory = dataDirectory();
  const [memory, sqlite] = [new MemoryStore(), new SqliteStore(directory)];
  await sqlite.open();
  const id = fc.nat(LONG + 100);
  const asked = fc.array(
    fc.record({
      after: maybe(id),
      before: maybe(id),
      user_id: maybe(fc.constantFrom("ann", "bob", "eve")),
      session_id: maybe(fc.constantFrom("s1", "s2", "s3", "s900")),
      order: fc.constantFrom("asc", "desc"),
      limit: fc.integer({ min: 1, max: 400 }),
    }),
    { minLength: 8, maxLength: 8 },
  );
  const rounds = fc.array(
    fc.record({
      queries: asked,
      grow: fc.nat(600),
      drop: fc.nat(400),
      names: fc.infiniteStream(fc.nat(900)),
    }),
    { minLength: 3, maxLength: 3 },
  );
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(rounds, async (parts) => {
      const key = { service: `run ${++runs}`, room_id: "a" };
      const both = async (ask: (store: Store) => Promise<unknown>) =>
        expect(await ask(sqlite)).toEqual(await ask(memory));
      const info = { class: "chat" } as const;
      await both((store) => store.commit([{ kind: "create_room", ...key, epoch: "e", info, created_at: 1 }]));
      let dropped = 0;
      for (const { queries, grow, drop, names } of parts) {
        const sends = Array.from(names.take(grow), (name, i) => send(key, name, i));
        await both((store) => store.commit(sends));
        dropped += drop;
        const bounds = { retention: {}, now: 1, names_before: 0 };
        const purge = { kind: "trim", ...key, epoch: "e", before: dropped, bounds, most: LONG } as const;
        await both((store) => store.commit([purge]));
        for (const query of queries as Omit<MessageQuery, "service" | "room_id" | "max_bytes">[]) {
          await both((store) => store.messages({ ...key, ...query, max_bytes: 1_000_000 }));
        }
      }
      const bounds = { retention: {}, now: 1, names_before: 0 };
      const all = { kind: "trim", ...key, epoch: "e", before: 10_000, bounds, most: 10_000 } as const;
      await both((store) => store.commit([all]));
    }),
    { numRuns: 15 },
  );
  await sqlite.close();
  const db = new Database(join(directory, "roomlog.db"), { readonly: true });
  expect(db.prepare("SELECT count(*) FROM authors").pluck().get()).toBe(0);
  db.close();
});

function send(key: { readonly service: string; readonly room_id: string }, name: number, i: number): Write {
  const user_id = ["ann", "ann", "bob"][name % 3] as string;
  return { kind: "append", ...key, user_id, session_id: `s${name % 4}`, timestmap: i, msg: `{"n":${i}}` };
}
