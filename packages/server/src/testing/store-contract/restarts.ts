import assert from "node:assert/strict";
import { type StoreCase, whileOpen } from "./case.ts";
import { managed } from "./managed.ts";
import {
  append,
  appended,
  create,
  destroy,
  epochNotFound,
  idsTo,
  logOf,
  one,
  overdueEpochs,
  roomExists,
  roomNotFound,
  trim,
  trimmed,
} from "./samples.ts";

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
    title: "[W2, W6] cursors of webhooks and dead letters outlive a restart",
    async run(newStore) {
      const hook = { service: one.service, webhook: "hook" };
      const set = { kind: "set_webhooks", service: one.service, webhooks: ["hook"], now: 100 } as const;
      const life = { ...one, webhook: "hook", epoch: "first life", ended: false };
      const dead = { from_id: 2, to_id: 2, error: "late", at: 5 };
      const move = { kind: "move_cursor", ...life, delivered_id: 2, dead } as const;
      const sends = idsTo(3).map(() => append(one, "{}", 200));
      await whileOpen(newStore(), (store) =>
        store.commit([{ ...set, forget_before: 0 }, create(one), ...sends, move]),
      );
      await whileOpen(newStore(), async (store) => {
        const place = { epoch: "first life", delivered_id: 2, last_id: 3, has_cursor: true };
        assert.deepEqual(await store.undelivered({ ...hook, room_id: "one" }), place);
        const letters = await store.deadLetters({ ...hook, limit: 9 });
        assert.deepEqual(letters, [{ ...one, ...hook, epoch: "first life", letter: 1, ...dead }]);
        // What is older than the webhook by a clock that was set back is told all the same.
        const late = { ...one, room_id: "late" };
        await store.commit([create(late), append(late, "{}", 50)]);
        assert.equal((await store.undelivered({ ...hook, room_id: "late" }))?.delivered_id, 0);
      });
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

  {
    title: "[M9] names of sends outlive a restart, and are forgotten as before",
    async run(newStore) {
      const named = { ...append(one), client_msg_id: "x" };
      const duplicate = { kind: "duplicate", msg_id: 1 };
      await whileOpen(newStore(), (store) => store.commit([create(one), named, append(one)]));
      await whileOpen(newStore(), async (store) => {
        assert.deepEqual(await store.commit([named]), [duplicate]);
        await store.commit([trim(one, { before: 3 })]);
      });
      await whileOpen(newStore(), async (store) => {
        assert.deepEqual(await store.commit([named]), [duplicate]);
        await store.commit([trim(one, { bounds: { names_before: 2 } })]);
      });
      await whileOpen(newStore(), async (store) => {
        assert.deepEqual(await store.commit([named, named]), [appended(3), { ...duplicate, msg_id: 3 }]);
      });
    },
  },

  {
    title: "[M13] a trimmed log, its bytes and its retention outlive a restart",
    async run(newStore) {
      const info = { class: "chat", retention: { max_messages: 2, max_age: 1000 } } as const;
      const sends = ['{"a":1}', '{"é":1}', "{}", '{"b":2}'].map((msg, i) => append(one, msg, i + 1));
      await whileOpen(newStore(), (store) =>
        store.commit([{ ...create(one), info }, ...sends, trim(one, { most: 1 })]),
      );
      await whileOpen(newStore(), async (store) => {
        const log = { epoch: "first life", created_at: 1, first_id: 2, last_id: 4, count: 3, bytes: 17 };
        assert.deepEqual(await store.life(one), { ...log, first_time: 2, last_time: 4 });
        assert.deepEqual((await store.room(one))?.info, info);
        assert.deepEqual(await store.commit([trim(one)]), [trimmed(3, 1, 8)]);
        await store.commit([{ kind: "update_room", ...one, retention: { max_messages: 1 } }]);
      });
      await whileOpen(newStore(), async (store) => {
        assert.deepEqual(await overdueEpochs(store), ["first life"]);
        assert.deepEqual(await store.commit([trim(one), trim(one, { before: 9 })]), [
          trimmed(4, 1, 2),
          trimmed(5, 1, 7),
        ]);
      });
      await whileOpen(newStore(), async (store) => {
        assert.equal((await store.room(one))?.first_id, 5);
        assert.deepEqual(await store.commit([append(one)]), [appended(5, 4)]);
      });
    },
  },

  {
    title:
      "[M12] ended lives outlive a restart; what is not kept is still to be removed, and does not come back",
    async run(newStore) {
      const lives = idsTo(4).flatMap((life) => [
        create(one, `life ${life}`),
        append(one),
        destroy(one, { destroyed_at: life, keep_log: life !== 3 }),
      ]);
      const gone = trim(one, { epoch: "life 3" });
      await whileOpen(newStore(), (store) => store.commit(lives));
      await whileOpen(newStore(), async (store) => {
        const ended = await store.endedLives({ ...one, limit: 10 });
        assert.deepEqual(
          ended.map(({ epoch, destroyed_at, count }) => [epoch, destroyed_at, count]),
          [
            ["life 4", 4, 1],
            ["life 2", 2, 1],
            ["life 1", 1, 1],
          ],
        );
        assert.deepEqual(await overdueEpochs(store), ["life 3"]);
        assert.deepEqual(await store.commit([gone]), [trimmed(2, 1, 2)]);
      });
      await whileOpen(newStore(), async (store) => {
        assert.deepEqual(await overdueEpochs(store), []);
        assert.deepEqual(await store.commit([gone]), [epochNotFound]);
        assert.equal((await store.endedLives({ ...one, limit: 10 })).length, 3);
      });
    },
  },
];
