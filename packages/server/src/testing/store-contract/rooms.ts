import assert from "node:assert/strict";
import { MAX_ROOM_ID } from "@roomlog/protocol";
import type { CreateRoom, RoomQuery, Store } from "../../store/store.ts";
import { type StoreCase, storeCase } from "./case.ts";
import { append, create, destroy, one } from "./samples.ts";

const LAST_CODE_POINT = "\u{10ffff}";

/** Ascending in code point order. In UTF-16 the last three would stand before U+FFFD. */
const ascending = [
  "!",
  "10",
  "9",
  "A",
  "Z",
  "a",
  "aa",
  "b",
  "é",
  "中",
  "\ufffd",
  "\u{10000}",
  "\u{1f600}",
  "\u{10fffe}",
];

/** What `room` and `rooms` promise. */
export const roomCases: readonly StoreCase[] = [
  storeCase("there is no room before it is created", async (store) => {
    assert.equal(await store.room(one), undefined);
    assert.deepEqual(await store.rooms({ service: one.service, limit: 10 }), []);
  }),

  storeCase("a room comes back as it was created, alone and in the list", async (store) => {
    const info: CreateRoom["info"] = {
      class: "sfu",
      backend: "other 😀",
      timeout: 259_200,
      bitrate: 100_000,
      meta: JSON.parse('{"b":[1,null,{"__proto__":{"x":"\\u0000"}}],"a":""}'),
    };
    await store.commit([{ ...create(one, "e😀"), info }]);
    const expected = { room_id: one.room_id, epoch: "e😀", info, first_id: 1, last_id: 0 };
    assert.deepEqual(await store.room(one), expected);
    const listed = { room_id: one.room_id, epoch: "e😀", class: "sfu", timeout: 259_200 };
    assert.deepEqual(await store.rooms({ service: one.service, limit: 10 }), [listed]);
  }),

  storeCase("last_id is that of the newest message of this life, 0 without one", async (store) => {
    const lastId = async () => (await store.room(one))?.last_id;
    await store.commit([create(one)]);
    assert.deepEqual(await lastId(), 0);
    await store.commit([append(one), append(one)]);
    assert.deepEqual(await lastId(), 2);
    await store.commit([append(one), destroy(one), create(one, "second life")]);
    assert.deepEqual(await lastId(), 0);
  }),

  storeCase("[R3] rooms are listed in code point order", async (store) => {
    await createAll(store, ascending);
    assert.deepEqual(await list(store), ascending);
  }),

  storeCase("[R3] after: only greater ids, whether or not such a room exists", async (store) => {
    await createAll(store, ascending);
    for (const [i, after] of ascending.entries()) {
      assert.deepEqual(await list(store, { after }), ascending.slice(i + 1));
    }
    assert.deepEqual(await list(store, { after: "\ufffe" }), ["\u{10000}", "\u{1f600}", "\u{10fffe}"]);
    assert.deepEqual(await list(store, { after: LAST_CODE_POINT }), []);
  }),

  storeCase("[R3] prefix: only ids that begin with it, letter for letter", async (store) => {
    const ids = ["A", "a", "a%", "a%b", "a*", "a[b]", "a_", "ab", "b", "é", "e\u0301"];
    await createAll(store, ids);
    for (const prefix of ["a", "a%", "a*", "a[", "a_", "A", "e", "é", "", "ba"]) {
      const expected = ids.filter((id) => id.startsWith(prefix)).sort();
      assert.deepEqual(await list(store, { prefix }), expected);
    }
  }),

  storeCase("[R3] prefix: also the last code point there is", async (store) => {
    const longest = LAST_CODE_POINT.repeat(MAX_ROOM_ID);
    const ids = [LAST_CODE_POINT, `${LAST_CODE_POINT}a`, longest];
    await createAll(store, ["a", `a${LAST_CODE_POINT}`, `a${LAST_CODE_POINT}b`, "b", ...ids]);
    assert.deepEqual(await list(store, { prefix: LAST_CODE_POINT }), ids);
    assert.deepEqual(await list(store, { prefix: longest }), [longest]);
    const underA = [`a${LAST_CODE_POINT}`, `a${LAST_CODE_POINT}b`];
    assert.deepEqual(await list(store, { prefix: `a${LAST_CODE_POINT}` }), underA);
    assert.deepEqual(await list(store, { prefix: "a" }), ["a", ...underA]);
  }),

  storeCase("[R3] limit: page after page, every room comes once", async (store) => {
    await createAll(store, ascending);
    const pages = await walk(store, { limit: 4 });
    assert.deepEqual(
      pages.map((page) => page.length),
      [4, 4, 4, 2],
    );
    assert.deepEqual(pages.flat(), ascending);
  }),

  storeCase("[R3] after, prefix and limit narrow the list together", async (store) => {
    await createAll(store, ["a1", "a2", "a3", "a4", "b1"]);
    assert.deepEqual(await list(store, { prefix: "a", after: "a1", limit: 2 }), ["a2", "a3"]);
    assert.deepEqual(await list(store, { prefix: "a", after: "A", limit: 1 }), ["a1"]);
    assert.deepEqual(await list(store, { prefix: "a", after: "a4", limit: 2 }), []);
    assert.deepEqual(await list(store, { prefix: "a", after: "b", limit: 2 }), []);
  }),

  storeCase("[R3] only rooms that exist are listed", async (store) => {
    await createAll(store, ["a", "b", "c"]);
    await store.commit([destroy({ ...one, room_id: "b" })]);
    assert.deepEqual(await list(store), ["a", "c"]);
  }),

  storeCase("[S3] only rooms of the service are listed", async (store) => {
    await createAll(store, ["a"]);
    await store.commit([create({ service: "second", room_id: "b" })]);
    assert.deepEqual(await list(store), ["a"]);
    assert.deepEqual(await list(store, { service: "second" }), ["b"]);
    assert.deepEqual(await list(store, { service: "third" }), []);
  }),
];

/** Creates them from the last to the first, so that no list can be in order by accident. */
async function createAll(store: Store, ids: readonly string[]): Promise<void> {
  await store.commit([...ids].reverse().map((room_id) => create({ ...one, room_id })));
}

async function list(store: Store, query: Partial<RoomQuery> = {}): Promise<string[]> {
  const found = await store.rooms({ service: one.service, limit: 1000, ...query });
  return found.map(({ room_id }) => room_id);
}

async function walk(store: Store, query: Partial<RoomQuery>): Promise<string[][]> {
  const pages: string[][] = [];
  for (;;) {
    const after = pages.at(-1)?.at(-1);
    const page = await list(store, { ...query, ...(after !== undefined && { after }) });
    if (page.length === 0) return pages;
    assert(pages.push(page) < 100, "the pages do not come to an end");
  }
}
