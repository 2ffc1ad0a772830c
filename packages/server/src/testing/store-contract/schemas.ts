import assert from "node:assert/strict";
import type { NewestSchemas, SetSchema, Store } from "../../store/store.ts";
import { type StoreCase, storeCase } from "./case.ts";
import { append, create, destroy, done, one, roomNotFound, trim, trimmed } from "./samples.ts";

const FIRST = { ...one, epoch: "first life" };

function set(part: Partial<SetSchema> = {}): SetSchema {
  return {
    kind: "set_schema",
    ...FIRST,
    type: "chat",
    version: 1,
    schema: "{}",
    user_id: "ann",
    at: 5,
    ...part,
  };
}

/** A version as it is read. */
function version(version: number, from_id: number, schema: string | undefined = "{}", type = "chat") {
  return { type, version, from_id, user_id: "ann", at: 5, ...(schema !== "" && { schema }) };
}

/** All of a service, read in slices of `most`. */
async function newest(store: Store, most: number): Promise<NewestSchemas["schemas"]> {
  const found = [];
  for (let from: number | undefined = 0; from !== undefined; ) {
    const slice: NewestSchemas = await store.newestSchemas({ service: one.service, from, most });
    found.push(...slice.schemas);
    from = slice.next;
  }
  return found;
}

/** What `schemas`, `newestSchemas` and the write behind them promise (M24). */
export const schemaCases: readonly StoreCase[] = [
  storeCase(
    "[M24] a version of a schema holds for what is stored behind it, in the same commit too",
    async (store) => {
      const writes = [create(one), append(one), set(), append(one), set({ version: 2, schema: undefined })];
      assert.deepEqual((await store.commit(writes))[2], done);
      await store.commit([append(one), set({ version: 3, schema: '{"a":1}' }), set({ type: "Z" })]);
      const expected = [version(1, 4, "{}", "Z"), version(1, 2), version(2, 3, ""), version(3, 4, '{"a":1}')];
      assert.deepEqual(await store.schemas(one), expected);
      assert.deepEqual(await store.schemas(FIRST), expected);
    },
  ),

  storeCase(
    "[M24] there are no schemas in a room that is not there, or in another life of it",
    async (store) => {
      assert.deepEqual(await store.commit([set()]), [roomNotFound]);
      assert.equal(await store.schemas(one), undefined);
      await store.commit([create(one)]);
      assert.deepEqual(await store.commit([set({ epoch: "other life" })]), [roomNotFound]);
      assert.deepEqual(await store.schemas(one), []);
      assert.equal(await store.schemas({ ...one, epoch: "other life" }), undefined);
    },
  ),

  storeCase("[M24] an ended life keeps its schemas, the next one begins without", async (store) => {
    await store.commit([create(one), set(), destroy(one), create(one, "second life")]);
    assert.deepEqual(await store.schemas(one), []);
    assert.deepEqual(await store.schemas(FIRST), [version(1, 1)]);
  }),

  storeCase("[M24] a life that is forgotten takes its schemas along", async (store) => {
    await store.commit([create(one), set(), destroy(one, { keep_log: false })]);
    assert.equal(await store.schemas(FIRST), undefined);
    assert.deepEqual(await store.commit([trim(one)]), [trimmed(1, 0, 0)]);
    assert.equal(await store.schemas(FIRST), undefined);
  }),

  storeCase("[M24] the newest versions of living rooms come, in slices of any length", async (store) => {
    const two = { ...one, room_id: "two" };
    const ended = { ...one, room_id: "ended" };
    await store.commit([
      create(one),
      create(two),
      create(ended),
      create({ service: "other", room_id: "one" }),
    ]);
    await store.commit([
      set(),
      set({ ...two, schema: "true" }),
      set({ ...ended }),
      set({ version: 2, schema: undefined }),
      set({ service: "other" }),
      set({ type: "poll" }),
      destroy(ended),
    ]);
    const found = await newest(store, 1);
    const byName = found.map(
      ({ room_id, type, version, schema }) => `${room_id} ${type} ${version} ${schema}`,
    );
    assert.deepEqual(byName.sort(), ["one chat 2 undefined", "one poll 1 {}", "two chat 1 true"]);
    assert.deepEqual(await newest(store, 1000), found);
  }),
];
