import assert from "node:assert/strict";
import { type StoreCase, whileOpen } from "./case.ts";
import { managed } from "./managed.ts";
import { append, appended, create, destroy, idsTo, logOf, one, roomExists, roomNotFound } from "./samples.ts";

/** What is left when a store was closed and another one opens its place. */
export const restartCases: readonly StoreCase[] = [
  {
    title: "[R7] rooms and their messages outlive a restart, and the ids go on",
    async run(newStore) {
      await whileOpen(newStore(), (store) => store.commit([create(one)]));
      for (const life of idsTo(3)) {
        await whileOpen(newStore(), async (store) => {
          const texts = idsTo(life - 1).map((earlier) => `{"life":${earlier}}`);
          assert.deepEqual(await store.room(one), {
            room_id: one.room_id,
            epoch: "first life",
            info: { class: "chat" },
            first_id: 1,
            last_id: life - 1,
          });
          assert.deepEqual(
            (await logOf(store, one)).map(({ msg }) => msg),
            texts,
          );
          assert.deepEqual(await store.commit([create(one), append(one, `{"life":${life}}`)]), [
            roomExists,
            appended(life),
          ]);
        });
      }
    },
  },

  {
    title: "[R7] nothing written, nothing there",
    async run(newStore) {
      await whileOpen(newStore(), async () => {});
      const found = await whileOpen(newStore(), (store) => store.rooms({ service: one.service, limit: 10 }));
      assert.deepEqual(found, []);
    },
  },

  {
    title: "[R2] a destroyed room stays destroyed, and its id starts at 1 again",
    async run(newStore) {
      await whileOpen(newStore(), (store) => store.commit([create(one), append(one), destroy(one)]));
      await whileOpen(newStore(), async (store) => {
        assert.equal(await store.room(one), undefined);
        assert.deepEqual(await store.commit([append(one)]), [roomNotFound]);
        await store.commit([create(one, "second life")]);
      });
      await whileOpen(newStore(), async (store) => {
        assert.deepEqual(await logOf(store, one), []);
        assert.deepEqual(await store.commit([append(one)]), [appended(1, 1, "second life")]);
      });
    },
  },

  {
    title: "[M3] timestmap does not decrease from one run to the next",
    async run(newStore) {
      await whileOpen(newStore(), (store) => store.commit([create(one), append(one, "{}", 1_000)]));
      await whileOpen(newStore(), async (store) => {
        assert.deepEqual(await store.commit([append(one, "{}", 10)]), [appended(2, 1_000)]);
      });
    },
  },

  {
    title: "[T5] what waited when the store was closed is there afterwards",
    async run(newStore) {
      const { store } = managed(newStore, { batch_writes: 10 });
      await store.open();
      for (const write of [create(one), ...idsTo(64).map(() => append(one))]) store.write(write, () => {});
      await store.close();
      const log = await whileOpen(newStore(), (next) => logOf(next, one));
      assert.deepEqual(
        log.map(({ msg_id }) => msg_id),
        idsTo(64),
      );
    },
  },
];
