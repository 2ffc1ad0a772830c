import assert from "node:assert/strict";
import type { Append, Written } from "../../store/store.ts";
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
  roomNotFound,
  trim,
  trimmed,
} from "./samples.ts";

/** What `client_msg_id` and `epoch` promise for a send (M9). */
export const nameCases: readonly StoreCase[] = [
  storeCase(
    "[M9] a second send of a name stores nothing and gets the first id, at once and later",
    async (store) => {
      const writes = [create(one), append(one), named("x"), append(one), named("x", { msg: '{"other":1}' })];
      const answers = [done, appended(1), appended(2), appended(3), duplicate(2)];
      assert.deepEqual(await store.commit(writes), answers);
      assert.deepEqual(await store.commit([named("x"), append(one)]), [duplicate(2), appended(4)]);
      assert.deepEqual(
        (await logOf(store, one)).map(({ msg_id }) => msg_id),
        [1, 2, 3, 4],
      );
      assert.equal((await store.life(one))?.bytes, 8);
    },
  ),

  storeCase("[M9] a duplicate does not move the room's time", async (store) => {
    await store.commit([create(one), named("x", { timestmap: 5 }), named("x", { timestmap: 50 })]);
    assert.deepEqual(await store.commit([append(one, "{}", 7)]), [appended(2, 7)]);
  }),

  storeCase("[M9] a name is that of its user, in its room and life, letter for letter", async (store) => {
    const twin = { ...one, room_id: "twin" };
    await store.commit([create(one), create(twin), named("x")]);
    const others = [named("x", { user_id: "bob" }), named("X"), named("x "), named("x", twin)];
    assert.deepEqual(await store.commit(others), [appended(2), appended(3), appended(4), appended(1)]);
    assert.deepEqual(await store.commit([named("x", { session_id: "s2" })]), [duplicate(1)]);
    const next = [destroy(one), create(one, "second life"), append(one), named("x")];
    assert.deepEqual((await store.commit(next)).at(-1), appended(2, 1, "second life"));
  }),

  storeCase("[M9] a refused send uses no name", async (store) => {
    const refusals = await store.commit([named("x"), create(one), named("x", { epoch: "another" })]);
    assert.deepEqual(refusals, [roomNotFound, done, epochNotFound]);
    assert.deepEqual(await store.commit([named("x")]), [appended(1)]);
  }),

  storeCase("[M9] a send for another life is refused, also when its name is known", async (store) => {
    await store.commit([create(one), named("x"), destroy(one), create(one, "second life")]);
    const late = [named("x", { epoch: "first life" }), { ...append(one), epoch: "first life" }];
    assert.deepEqual(await store.commit(late), [epochNotFound, epochNotFound]);
    const right = { ...append(one), epoch: "second life" };
    assert.deepEqual(await store.commit([right]), [appended(1, 1, "second life")]);
    await store.commit([destroy(one)]);
    assert.deepEqual(await store.commit([right]), [roomNotFound]);
  }),

  storeCase("[M9] a name outlives its message until names_before", async (store) => {
    const sends = idsTo(4).map((id) => named(`x${id}`, { timestmap: id * 10 }));
    await store.commit([create(one), ...sends]);
    await store.commit([trim(one, { before: 4, bounds: { names_before: 20 } })]);
    assert.deepEqual(await store.commit(sends.slice(1)), [duplicate(2), duplicate(3), duplicate(4)]);
    assert.deepEqual(await store.commit(sends.slice(0, 1)), [appended(5, 40)]);
    await store.commit([trim(one, { bounds: { names_before: 100 } })]);
    assert.deepEqual(await store.commit(sends.slice(1)), [appended(6, 40), appended(7, 40), duplicate(4)]);
  }),

  storeCase("[M9] while a message is kept its name is, however old", async (store) => {
    await store.commit([create(one), named("x"), named("y")]);
    await store.commit([trim(one, { before: 1, bounds: { names_before: 1000 } })]);
    assert.deepEqual(await store.commit([named("x"), named("y")]), [duplicate(1), duplicate(2)]);
  }),

  storeCase(
    "[M9] a trim forgets as many names as messages, and says whether there are more",
    async (store) => {
      const sends = idsTo(5).map((id) => named(`x${id}`));
      await store.commit([create(one), ...sends, trim(one, { before: 6 })]);
      const slice = trim(one, { most: 2, bounds: { names_before: 1000 } });
      assert.deepEqual(await store.commit([slice]), [trimmed(6, 0, 0, true)]);
      assert.deepEqual(await store.commit(sends.slice(2)), [duplicate(3), duplicate(4), duplicate(5)]);
      assert.deepEqual(await store.commit([slice]), [trimmed(6, 0, 0, true)]);
      assert.deepEqual(await store.commit([slice]), [trimmed(6, 0, 0, false)]);
      assert.deepEqual(
        await store.commit(sends),
        [6, 7, 8, 9, 10].map((id) => appended(id)),
      );
    },
  ),

  storeCase("[M9] [M12] a life is forgotten when all of its names are", async (store) => {
    const sends = idsTo(5).map((id) => named(`x${id}`));
    await store.commit([create(one), ...sends, trim(one, { before: 6 }), destroy(one, { keep_log: false })]);
    const slice = trim(one, { most: 2 });
    const more = trimmed(6, 0, 0, true);
    assert.deepEqual(await store.commit([slice, slice, slice, slice]), [
      more,
      more,
      trimmed(6, 0, 0),
      epochNotFound,
    ]);
  }),

  storeCase("[M9] [M12] an ended life that is kept needs no names", async (store) => {
    await store.commit([create(one), ...idsTo(5).map((id) => named(`x${id}`)), destroy(one)]);
    assert.deepEqual(await overdueEpochs(store), ["first life"]);
    const slice = trim(one, { most: 3 });
    assert.deepEqual(await store.commit([slice, slice]), [trimmed(1, 0, 0, true), trimmed(1, 0, 0)]);
    assert.deepEqual(await overdueEpochs(store), []);
    assert.equal((await store.life({ ...one, epoch: "first life" }))?.count, 5);
  }),
];

function named(client_msg_id: string, part: Partial<Append> = {}): Append {
  return { ...append(one), client_msg_id, ...part };
}

function duplicate(msg_id: number): Written {
  return { kind: "duplicate", msg_id };
}
