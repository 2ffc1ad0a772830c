import assert from "node:assert/strict";
import type { Bounds, Life, RoomKey, Store } from "../../store/store.ts";
import { type StoreCase, storeCase } from "./case.ts";
import {
  append,
  appended,
  create,
  destroy,
  done,
  epochNotFound,
  idsTo,
  logOf,
  one,
  overdueEpochs,
  pageOf,
  roomNotFound,
  textOf,
  trim,
  trimAll,
  trimmed,
} from "./samples.ts";

type Retention = Bounds["retention"];

const SECOND = 1_000_000;

/** What of a log may stay (M13). */
export const retentionCases: readonly StoreCase[] = [
  storeCase("[M13] a trim drops what stands below `before`, and nothing more", async (store) => {
    await fill(store, ['{"a":1}', "{}", '{"é":1}', "{}"]);
    const bounds = { retention: { max_messages: 1 } };
    assert.deepEqual(await store.commit([trim(one, { before: 1, bounds })]), [trimmed(1, 0, 0)]);
    assert.deepEqual(await store.commit([trim(one, { before: 3, bounds })]), [trimmed(3, 2, 9)]);
    assert.deepEqual(await store.commit([trim(one, { before: 2, bounds })]), [trimmed(3, 0, 0)]);
    assert.deepEqual(await ids(store), [3, 4]);
    assert.deepEqual(await store.commit([trim(one, { before: 1000 })]), [trimmed(5, 2, 10)]);
    assert.deepEqual(await ids(store), []);
    assert.deepEqual(await store.commit([append(one)]), [appended(5)]);
  }),

  storeCase("[M13] a trim goes in slices and says whether more has to go", async (store) => {
    await fill(
      store,
      idsTo(7).map(() => "{}"),
    );
    const slice = trim(one, { before: 7, most: 3 });
    assert.deepEqual(await store.commit([slice]), [trimmed(4, 3, 6, true)]);
    assert.deepEqual(await store.commit([slice]), [trimmed(7, 3, 6, false)]);
    assert.deepEqual(await store.commit([slice]), [trimmed(7, 0, 0, false)]);
    assert.deepEqual(await ids(store), [7]);
  }),

  storeCase("[M13] trims and sends of one commit take effect one after the other", async (store) => {
    await fill(store, ["{}", "{}"]);
    const writes = [
      append(one),
      trim(one, { before: 3 }),
      append(one),
      trim(one, { before: 9 }),
      append(one),
    ];
    const answers = [appended(3), trimmed(3, 2, 4), appended(4), trimmed(5, 2, 4), appended(5)];
    assert.deepEqual(await store.commit(writes), answers);
    assert.deepEqual(await ids(store), [5]);
    const { first_id, last_id, count, bytes } = (await store.life(one)) as Life;
    assert.deepEqual({ first_id, last_id, count, bytes }, { first_id: 5, last_id: 5, count: 1, bytes: 2 });
  }),

  storeCase(
    "[M13] max_age, max_messages and max_bytes each keep what they allow, to the last one",
    async (store) => {
      const sizes = [100, 50, 50, 100, 30];
      const left = async (retention: Retention, now = 100 * SECOND) => {
        const key = { ...one, room_id: JSON.stringify([retention, now]) };
        const sends = sizes.map((size, i) => append(key, textOf(size), (i + 1) * 10 * SECOND));
        await store.commit([create(key), ...sends, trim(key, { bounds: { retention, now } })]);
        return ids(store, key);
      };
      assert.deepEqual(await left({}), [1, 2, 3, 4, 5]);
      assert.deepEqual(await left({ max_age: 80 }), [2, 3, 4, 5]);
      assert.deepEqual(await left({ max_age: 80 }, 100 * SECOND + 1), [3, 4, 5]);
      assert.deepEqual(await left({ max_age: 1 }), []);
      assert.deepEqual(await left({ max_messages: 5 }), [1, 2, 3, 4, 5]);
      assert.deepEqual(await left({ max_messages: 4 }), [2, 3, 4, 5]);
      assert.deepEqual(await left({ max_messages: 1 }), [5]);
      assert.deepEqual(await left({ max_bytes: 330 }), [1, 2, 3, 4, 5]);
      assert.deepEqual(await left({ max_bytes: 329 }), [2, 3, 4, 5]);
      assert.deepEqual(await left({ max_bytes: 179 }), [4, 5]);
      assert.deepEqual(await left({ max_bytes: 29 }), []);
      assert.deepEqual(await left({ max_age: 80, max_messages: 3, max_bytes: 230 }), [3, 4, 5]);
    },
  ),

  storeCase(
    "[M13] of the service's bounds and the room's own each time the stricter one counts",
    async (store) => {
      const left = async (service: Retention, own: Retention) => {
        const key = { ...one, room_id: JSON.stringify([service, own]) };
        const info = { class: "chat", retention: own } as const;
        await store.commit([{ ...create(key), info }, ...idsTo(9).map((i) => append(key, "{}", i * SECOND))]);
        await store.commit([trim(key, { bounds: { retention: service, now: 10 * SECOND } })]);
        return (await ids(store, key)).length;
      };
      assert.equal(await left({ max_messages: 5 }, { max_messages: 3 }), 3);
      assert.equal(await left({ max_messages: 2 }, { max_messages: 3 }), 2);
      assert.equal(await left({ max_messages: 5 }, { max_bytes: 8 }), 4);
      assert.equal(await left({ max_bytes: 8, max_age: 4 }, { max_age: 2, max_bytes: 18 }), 2);
      assert.equal(await left({}, { max_age: 6 }), 6);
      assert.equal(await left({}, {}), 9);
    },
  ),

  storeCase("[M13] a room's own retention can be replaced and taken away", async (store) => {
    const retention = async () => (await store.room(one))?.info.retention;
    const update = (value: Retention | undefined) =>
      store.commit([{ kind: "update_room", ...one, retention: value }]);
    assert.deepEqual(await update({ max_age: 1 }), [roomNotFound]);
    const info = { class: "chat", meta: { a: [1] }, timeout: 60, retention: { max_messages: 3 } } as const;
    await store.commit([{ ...create(one), info }, ...idsTo(5).map(() => append(one))]);
    assert.deepEqual((await store.room(one))?.info, info);
    assert.deepEqual(await update({ max_bytes: 8, max_age: 9 }), [done]);
    assert.deepEqual((await store.room(one))?.info, { ...info, retention: { max_bytes: 8, max_age: 9 } });
    assert.deepEqual(await store.commit([trim(one)]), [trimmed(2, 1, 2)]);
    await update(undefined);
    const { retention: _, ...without } = info;
    assert.deepEqual((await store.room(one))?.info, without);
    assert.deepEqual(await store.commit([trim(one)]), [trimmed(2, 0, 0)]);
    await update({ max_messages: 1 });
    await update({});
    assert.equal(await retention(), undefined);
    await store.commit([destroy(one)]);
    assert.deepEqual(await update({ max_age: 1 }), [roomNotFound]);
  }),

  storeCase("[M13] a trim is of the life it names", async (store) => {
    await fill(store, ["{}", "{}"]);
    await store.commit([destroy(one), create(one, "second life"), append(one), append(one)]);
    assert.deepEqual(await store.commit([trim(one, { epoch: "third life", before: 9 })]), [epochNotFound]);
    assert.deepEqual(await store.commit([trim(one, { before: 2 })]), [trimmed(2, 1, 2)]);
    assert.equal((await logOf(store, one)).length, 2);
    assert.deepEqual((await pageOf(store, one, { epoch: "first life" })).first_id, 2);
  }),

  storeCase(
    "[M13] an ended life loses what its bounds do not keep, and is forgotten over its age",
    async (store) => {
      await fill(store, ["{}", "{}", "{}"], { max_age: 100 });
      await store.commit([destroy(one, { destroyed_at: 50 * SECOND })]);
      const at = (seconds: number, max_age = 1000) =>
        trim(one, { bounds: { retention: { max_age, max_messages: 2 }, now: seconds * SECOND } });
      assert.deepEqual(await store.commit([at(60)]), [trimmed(2, 1, 2)]);
      assert.deepEqual(await store.commit([at(102)]), [trimmed(4, 2, 4)]);
      assert.equal((await store.endedLives({ ...one, limit: 9 })).length, 1);
      assert.deepEqual(await store.commit([at(150)]), [trimmed(4, 0, 0)]);
      assert.equal((await store.endedLives({ ...one, limit: 9 })).length, 1);
      assert.deepEqual(await store.commit([at(151)]), [trimmed(4, 0, 0)]);
      assert.deepEqual(await store.endedLives({ ...one, limit: 9 }), []);
      assert.deepEqual(await store.commit([at(151)]), [epochNotFound]);
    },
  ),

  storeCase(
    "[M13] an ended life that was purged, or never had a bound on age, is remembered",
    async (store) => {
      await fill(store, ["{}"]);
      await store.commit([destroy(one)]);
      const bounds = { retention: { max_age: 1 }, now: 100 * SECOND };
      assert.deepEqual(await store.commit([trim(one, { before: 9, bounds })]), [trimmed(2, 1, 2)]);
      assert.deepEqual(await store.commit([trim(one, { bounds: { now: 100 * SECOND } })]), [
        trimmed(2, 0, 0),
      ]);
      assert.equal((await store.life({ ...one, epoch: "first life" }))?.count, 0);
      assert.deepEqual(await store.commit([trim(one, { bounds })]), [trimmed(2, 0, 0)]);
      assert.equal(await store.life({ ...one, epoch: "first life" }), undefined);
    },
  ),

  storeCase("[M12] a log that is not kept goes piece by piece, then its life is forgotten", async (store) => {
    await fill(
      store,
      idsTo(5).map(() => "{}"),
    );
    await store.commit([destroy(one, { keep_log: false }), create(one, "second life"), append(one)]);
    assert.deepEqual(await store.commit([trim(one, { most: 2 })]), [trimmed(3, 2, 4, true)]);
    assert.deepEqual(await overdueEpochs(store), ["first life"]);
    assert.deepEqual(await trimAll(store, trim(one, { most: 2 })), {
      first_id: 6,
      messages: 3,
      bytes: 6,
      more: false,
    });
    assert.deepEqual(await overdueEpochs(store), []);
    assert.deepEqual(await store.commit([trim(one)]), [epochNotFound]);
    assert.equal((await logOf(store, one)).length, 1);
  }),
];

async function fill(store: Store, texts: readonly string[], retention: Retention = {}): Promise<void> {
  const info = { class: "chat", retention } as const;
  await store.commit([{ ...create(one), info }, ...texts.map((msg) => append(one, msg))]);
}

async function ids(store: Store, key: RoomKey = one): Promise<number[]> {
  return (await logOf(store, key)).map(({ msg_id }) => msg_id);
}
