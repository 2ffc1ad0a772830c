import assert from "node:assert/strict";
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
  roomExists,
  roomNotFound,
} from "./samples.ts";

const other = { ...one, room_id: "other" };

/** What `commit` promises. */
export const commitCases: readonly StoreCase[] = [
  storeCase("a commit of nothing is answered with nothing", async (store) => {
    assert.deepEqual(await store.commit([]), []);
  }),

  storeCase("[R1] a room that exists is not created again and keeps its life", async (store) => {
    assert.deepEqual(await store.commit([create(one)]), [done]);
    assert.deepEqual(await store.commit([create(one, "second life")]), [roomExists]);
    assert.equal((await store.room(one))?.epoch, "first life");
  }),

  storeCase("[R2] only a room that exists can be destroyed, and only once", async (store) => {
    assert.deepEqual(await store.commit([destroy(one)]), [roomNotFound]);
    assert.deepEqual(await store.commit([create(one)]), [done]);
    assert.deepEqual(await store.commit([destroy(one)]), [done]);
    assert.deepEqual(await store.commit([destroy(one)]), [roomNotFound]);
    assert.equal(await store.room(one), undefined);
  }),

  storeCase("the writes of a commit take effect one after the other", async (store) => {
    const steps = [
      [append(one), roomNotFound],
      [destroy(one), roomNotFound],
      [create(one), done],
      [create(one, "too early"), roomExists],
      [append(one), appended(1)],
      [append(one), appended(2)],
      [destroy(one), done],
      [append(one), roomNotFound],
      [destroy(one), roomNotFound],
    ] as const;
    assert.deepEqual(
      await store.commit(steps.map(([write]) => write)),
      steps.map(([, written]) => written),
    );
    assert.equal(await store.room(one), undefined);
  }),

  storeCase("[R2] the id of a destroyed room is free at once, in the same commit", async (store) => {
    const writes = [create(one), append(one, '{"old":1}'), destroy(one), create(one, "second life")];
    assert.deepEqual(await store.commit(writes), [done, appended(1), done, done]);
    assert.equal((await store.room(one))?.epoch, "second life");
    assert.deepEqual(await logOf(store, one), []);
  }),

  storeCase("a refused write leaves its neighbours alone", async (store) => {
    await store.commit([create(one), create(other), destroy(other)]);
    const missing = { ...one, room_id: "missing" };
    const writes = [append(one), append(missing), append(one), append(other), append(one)];
    const answers = [appended(1), roomNotFound, appended(2), roomNotFound, appended(3)];
    assert.deepEqual(await store.commit(writes), answers);
    assert.equal((await logOf(store, one)).length, 3);
  }),

  storeCase("[M3] each room counts for itself, whatever shares the commit", async (store) => {
    await store.commit([create(one), create(other), append(other)]);
    const writes = [append(one), append(other), append(one), append(other)];
    assert.deepEqual(await store.commit(writes), [appended(1), appended(2), appended(2), appended(3)]);
  }),

  storeCase("[M3] a new life of a room starts at 1, without the old messages", async (store) => {
    await store.commit([create(one), append(one, '{"life":1}'), append(one, '{"life":1}')]);
    await store.commit([destroy(one)]);
    await store.commit([create(one, "second life")]);
    assert.deepEqual(await logOf(store, one), []);
    assert.deepEqual(await store.commit([append(one, '{"life":2}')]), [appended(1, 1, "second life")]);
    assert.deepEqual(
      (await logOf(store, one)).map(({ msg }) => msg),
      ['{"life":2}'],
    );
  }),

  storeCase("[M3] timestmap never decreases, inside a commit and from one to the next", async (store) => {
    const given = [5, 9, 3, 9, 8, 12];
    const kept = [5, 9, 9, 9, 9, 12];
    await store.commit([create(one), create(other)]);
    const first = await store.commit(given.slice(0, 3).map((time) => append(one, "{}", time)));
    const second = await store.commit(given.slice(3).map((time) => append(one, "{}", time)));
    assert.deepEqual(
      [...first, ...second],
      kept.map((time, i) => appended(i + 1, time)),
    );
    assert.deepEqual(
      (await logOf(store, one)).map(({ timestmap }) => timestmap),
      kept,
    );
    assert.deepEqual(await store.commit([append(other, "{}", 4)]), [appended(1, 4)]);
  }),

  storeCase("[S3] the rooms of two services have nothing to do with each other", async (store) => {
    const twin = { ...one, service: "second" };
    assert.deepEqual(await store.commit([create(one), append(twin)]), [done, roomNotFound]);
    assert.deepEqual(await store.commit([create(twin, "of second")]), [done]);
    assert.deepEqual(await store.commit([append(one), append(twin), append(twin)]), [
      appended(1),
      appended(1, 1, "of second"),
      appended(2, 1, "of second"),
    ]);
    assert.deepEqual(await store.commit([destroy(one)]), [done]);
    assert.equal((await store.room(twin))?.epoch, "of second");
    assert.equal((await logOf(store, twin)).length, 2);
  }),

  storeCase("a reader sees all of a commit or nothing of it", async (store) => {
    await store.commit([create(one)]);
    const running = store.commit(Array.from({ length: 500 }, () => append(one)));
    const seen = new Set<number>();
    for (let i = 0; i < 20; i++) seen.add((await logOf(store, one)).length);
    await running;
    seen.delete(0);
    seen.delete(500);
    assert.deepEqual([...seen], []);
  }),

  storeCase("a read after a commit sees what it wrote", async (store) => {
    for (const round of idsTo(25)) {
      const key = { ...one, room_id: `room ${round}` };
      await store.commit([create(key), append(key)]);
      assert.equal((await store.room(key))?.room_id, key.room_id);
      assert.equal((await store.rooms({ service: key.service, limit: 100 })).length, round);
      await store.commit([append(key)]);
      assert.equal((await logOf(store, key)).length, 2);
    }
  }),

  {
    title: "close lets running calls end",
    async run(newStore) {
      const store = newStore();
      await store.open();
      await store.commit([create(one), append(one)]);
      const running = [store.commit([append(one)]), store.room(one), logOf(store, one)];
      const closed = store.close();
      assert.deepEqual(
        (await Promise.allSettled(running)).map(({ status }) => status),
        running.map(() => "fulfilled"),
      );
      await closed;
    },
  },
];
