import assert from "node:assert/strict";
import type { Store } from "../../store/store.ts";
import { type StoreCase, storeCase } from "./case.ts";
import {
  append,
  appended,
  create,
  destroy,
  done,
  idsTo,
  logOf,
  one,
  pageOf,
  roomNotFound,
  trim,
} from "./samples.ts";

const twin = { ...one, service: "second" };

/** What is known of the lives of a room id (M12). */
export const lifeCases: readonly StoreCase[] = [
  storeCase("[M12] a life says where its log stands", async (store) => {
    assert.equal(await store.life(one), undefined);
    await store.commit([{ ...create(one), created_at: 7 }]);
    const empty = { epoch: "first life", created_at: 7, first_id: 1, last_id: 0, count: 0, bytes: 0 };
    assert.deepEqual(await store.life(one), empty);
    await store.commit([append(one, '{"é":1}', 10), append(one, "{}", 20), append(one, "{}", 30)]);
    const full = { ...empty, last_id: 3, count: 3, bytes: 12, first_time: 10, last_time: 30 };
    assert.deepEqual(await store.life(one), full);
    assert.deepEqual(await store.life({ ...one, epoch: "first life" }), full);
    assert.equal(await store.life({ ...one, epoch: "second life" }), undefined);
    assert.equal(await store.life({ ...twin, epoch: "first life" }), undefined);
  }),

  storeCase("[M12] [M13] what was dropped is not counted", async (store) => {
    await store.commit([
      create(one),
      append(one, '{"a":1}', 10),
      append(one, "{}", 20),
      append(one, "{}", 30),
    ]);
    await store.commit([trim(one, { before: 3 })]);
    const kept = { epoch: "first life", created_at: 1, first_id: 3, last_id: 3, count: 1, bytes: 2 };
    assert.deepEqual(await store.life(one), { ...kept, first_time: 30, last_time: 30 });
    await store.commit([trim(one, { before: 4 })]);
    assert.deepEqual(await store.life(one), { ...kept, first_id: 4, count: 0, bytes: 0 });
    assert.deepEqual(await store.commit([append(one, '{"b":2}', 5)]), [appended(4, 30)]);
    const next = { first_id: 4, last_id: 4, count: 1, bytes: 7, first_time: 30, last_time: 30 };
    assert.deepEqual(await store.life(one), { ...kept, ...next });
  }),

  storeCase(
    "[Q7] [Q8] the usage of a service is its living rooms and the bytes of all that is stored",
    async (store) => {
      const usage = (service: string) => store.usage({ service });
      assert.deepEqual(await usage("main"), { rooms: 0, bytes: 0 });
      const other = { ...one, room_id: "other" };
      await store.commit([create(one), create(other), create(twin)]);
      await store.commit([append(one, '{"é":1}'), append(one), append(other), append(twin)]);
      assert.deepEqual(await usage("main"), { rooms: 2, bytes: 12 });
      await store.commit([trim(one, { before: 2 }), destroy(other)]);
      assert.deepEqual(await usage("main"), { rooms: 1, bytes: 4 });
      await store.commit([destroy(one, { keep_log: false })]);
      assert.deepEqual(await usage("main"), { rooms: 0, bytes: 4 });
      await store.commit([trim(one)]);
      assert.deepEqual(await usage("main"), { rooms: 0, bytes: 2 });
      assert.deepEqual(await usage("second"), { rooms: 1, bytes: 2 });
    },
  ),

  storeCase("[M12] an ended life whose log is kept stays as it was", async (store) => {
    await store.commit([create(one), append(one, "{}", 10), append(one, "{}", 20)]);
    const before = await store.life(one);
    await store.commit([destroy(one, { destroyed_at: 33 })]);
    assert.equal(await store.life(one), undefined);
    const ended = { ...before, destroyed_at: 33 };
    assert.deepEqual(await store.life({ ...one, epoch: "first life" }), ended);
    assert.deepEqual(await store.endedLives({ ...one, limit: 10 }), [ended]);
    assert.equal((await pageOf(store, one, { epoch: "first life" })).messages.length, 2);
    await store.commit([create(one, "second life"), append(one)]);
    assert.deepEqual(await store.life({ ...one, epoch: "first life" }), ended);
    assert.equal((await store.life(one))?.epoch, "second life");
  }),

  storeCase("[M12] without keep_log nothing of it can be read any more", async (store) => {
    await store.commit([create(one), append(one), destroy(one, { keep_log: false })]);
    const first = { ...one, epoch: "first life" };
    const page = { order: "asc", limit: 10, max_bytes: 100 } as const;
    assert.equal(await store.life(first), undefined);
    assert.equal(await store.messages({ ...first, ...page }), undefined);
    assert.deepEqual(await store.endedLives({ ...one, limit: 10 }), []);
    await store.commit([create(one, "second life"), destroy(one)]);
    assert.deepEqual(await endedEpochs(store), ["second life"]);
  }),

  storeCase("[M12] only the life that is named is ended", async (store) => {
    await store.commit([create(one), destroy(one), create(one, "second life"), append(one)]);
    assert.deepEqual(await store.commit([destroy(one, { epoch: "first life" })]), [roomNotFound]);
    assert.equal((await logOf(store, one)).length, 1);
    assert.deepEqual(await store.commit([destroy(one, { epoch: "second life" })]), [done]);
    assert.deepEqual(await endedEpochs(store), ["second life", "first life"]);
  }),

  storeCase("[M12] ended lives are listed from the newest on, page after page", async (store) => {
    for (const life of idsTo(7)) {
      const keep_log = life !== 4;
      await store.commit([create(one, `life ${life}`), create(twin, `twin ${life}`)]);
      if (life < 7) await store.commit([destroy(one, { keep_log }), destroy(twin)]);
    }
    assert.deepEqual(await endedEpochs(store), ["life 6", "life 5", "life 3", "life 2", "life 1"]);
    assert.deepEqual(await endedEpochs(store, { limit: 2 }), ["life 6", "life 5"]);
    assert.deepEqual(await endedEpochs(store, { before: "life 5", limit: 2 }), ["life 3", "life 2"]);
    assert.deepEqual(await endedEpochs(store, { before: "life 7", limit: 1 }), ["life 6"]);
    assert.deepEqual(await endedEpochs(store, { before: "life 1" }), []);
    assert.deepEqual(await endedEpochs(store, { before: "twin 5" }), []);
    assert.deepEqual(await endedEpochs(store, { before: "life 4" }), []);
  }),
];

async function endedEpochs(store: Store, part: { before?: string; limit?: number } = {}): Promise<string[]> {
  const lives = await store.endedLives({ ...one, limit: 100, ...part });
  return lives.map(({ epoch }) => epoch);
}
