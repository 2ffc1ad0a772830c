import assert from "node:assert/strict";
import type { Bounds, RoomKey } from "../../store/store.ts";
import { type StoreCase, storeCase } from "./case.ts";
import {
  append,
  create,
  destroy,
  idsTo,
  logOf,
  one,
  overdueEpochs,
  rooms,
  trim,
  trimAll,
} from "./samples.ts";

type Retention = Bounds["retention"];

const SECOND = 1_000_000;

/** What has to go, before it goes (M13). */
export const overdueCases: readonly StoreCase[] = [
  storeCase(
    "[M13] trimmable says what a trim would drop, slice by slice, and changes nothing",
    async (store) => {
      const texts = ['{"a":1}', "{}", "{}", '{"é":1}', "{}"];
      await store.commit([create(one), ...texts.map((text) => append(one, text))]);
      const { kind: _, ...order } = trim(one, { most: 2, bounds: { retention: { max_bytes: 9 } } });
      const first = await store.trimmable({ ...order, counted: { messages: 0, bytes: 0 } });
      assert.deepEqual(first, { first_id: 3, messages: 2, bytes: 9, more: true });
      const second = await store.trimmable({ ...order, counted: { messages: 2, bytes: 9 } });
      assert.deepEqual(second, { first_id: 5, messages: 2, bytes: 10, more: false });
      const purge = { ...order, before: 2, counted: { messages: 0, bytes: 0 } };
      assert.deepEqual(await store.trimmable(purge), { first_id: 2, messages: 1, bytes: 7, more: false });
      assert.equal(await store.trimmable({ ...purge, epoch: "second life" }), undefined);
      assert.equal((await logOf(store, one)).length, 5);
    },
  ),

  storeCase("[M13] overdue finds the lives that a trim would change, and no others", async (store) => {
    const at = (messages: number, last: number) =>
      idsTo(messages).map((id) => ({ timestmap: (last - messages + id) * SECOND }));
    const add = async (room_id: string, sends: readonly object[], own: Retention = {}) => {
      const key = { ...one, room_id };
      const info = { class: "chat", retention: own } as const;
      await store.commit([
        { ...create(key, room_id), info },
        ...sends.map((s) => ({ ...append(key), ...s })),
      ]);
      return key;
    };
    await add("fine", at(3, 90));
    await add("just fine", at(2, 12), { max_messages: 2, max_bytes: 4 });
    await add("old", at(3, 12));
    await add("many", at(5, 90));
    await add("its own", at(3, 90), { max_bytes: 5 });
    await add("empty", []);
    const kept = await add("ended", at(3, 90));
    const old = await add("ended and old", []);
    const gone = await add("not kept", at(3, 90));
    await store.commit([
      destroy(kept, { destroyed_at: SECOND }),
      destroy(old),
      destroy(gone, { keep_log: false }),
    ]);
    await store.commit([
      create({ service: "second", room_id: "many" }),
      ...idsTo(9).map(() => append({ service: "second", room_id: "many" })),
    ]);
    const named = at(2, 90).map((send, i) => ({ ...send, client_msg_id: `x${i}` }));
    const young = await add("the name of a kept message", [...at(1, 80), ...named.slice(0, 1)]);
    await store.commit([trim(young, { epoch: "the name of a kept message", before: 2 })]);
    const stale = await add("a stale name", named);
    await store.commit([trim(stale, { epoch: "a stale name", before: 2, bounds: { names_before: 0 } })]);
    await store.commit([destroy(await add("ended with names", named), { destroyed_at: 90 * SECOND })]);
    const bounds = {
      retention: { max_age: 89, max_messages: 4 },
      now: 100 * SECOND,
      names_before: 90 * SECOND,
    };
    const all = ["old", "many", "its own", "ended and old", "not kept", "a stale name", "ended with names"];
    assert.deepEqual((await overdueEpochs(store, bounds)).sort(), all.sort());
    assert.deepEqual(
      (await overdueEpochs(store, { ...bounds, names_before: 89 * SECOND })).includes("a stale name"),
      false,
    );
    for (const room_id of all) await trimAll(store, trim({ ...one, room_id }, { epoch: room_id, bounds }));
    assert.deepEqual(await overdueEpochs(store, bounds), []);
  }),

  storeCase("[M13] overdue looks at so many lives at a time and comes to an end", async (store) => {
    const keys = rooms(10);
    await store.commit(keys.flatMap((key, i) => [create(key, `${i}`), append(key), append(key)]));
    await store.commit([trim(keys[3] as RoomKey, { epoch: "3", before: 3 })]);
    const bounds: Bounds = { retention: { max_messages: 1 }, now: 0, names_before: 0 };
    const found: number[] = [];
    let from: number | undefined = 0;
    while (from !== undefined) {
      const slice = await store.overdue({ service: one.service, bounds, from, most: 4 });
      found.push(slice.lives.length);
      assert(found.length < 10, "the slices do not come to an end");
      from = slice.next;
    }
    assert.deepEqual(found, [3, 4, 2]);
    const end = await store.overdue({ service: one.service, bounds, from: 0, most: 10 });
    assert.deepEqual([end.lives.length, end.next], [9, undefined]);
    assert.deepEqual(end.lives[0], { room_id: keys[0]?.room_id, epoch: "0" });
  }),
];
