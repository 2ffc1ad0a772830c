import assert from "node:assert/strict";
import type { ManagedStore } from "../../store/managed.ts";
import type { RoomKey, Store } from "../../store/store.ts";
import type { StoreCase } from "./case.ts";
import { managed, managedCase, type Outcome, settle } from "./managed.ts";
import { append, appended, create, idsTo, logOf, one, rooms, trim, trimmed } from "./samples.ts";

const WRITERS = 64;
const unknown: Outcome = { kind: "unknown" };

/** What `ManagedStore` makes of the driver. */
export const groupCommitCases: readonly StoreCase[] = [
  managedCase("[M3] 64 writers in one room: ids 1, 2, 3 … without holes", {}, async ({ store }) => {
    await settle(store, create(one));
    const acks = await writeAll(store, [one, one, one, one, one]);
    assert.equal(acks.length, WRITERS * 5);
    await assertLog(store, one, acks);
  }),

  managedCase("[M3] 64 writers in 50 rooms: ids 1, 2, 3 … in each", {}, async ({ store }) => {
    const all = rooms(50);
    await Promise.all(all.map((key) => settle(store, create(key))));
    const acks = await writeAll(store, all);
    assert.equal(acks.length, WRITERS * 50);
    for (const key of all) await assertLog(store, key, acks);
  }),

  managedCase("writes that arrive together share a commit", {}, async ({ store, driver }) => {
    await Promise.all(
      [create(one), ...idsTo(99).map(() => append(one))].map((write) => settle(store, write)),
    );
    assert.deepEqual(sizes(driver), [100]);
    assert.deepEqual(store.counts, { batches: 1, writes: 100 });
  }),

  managedCase("while one batch is committed the next one fills", {}, async ({ store, driver }) => {
    const first = Promise.withResolvers<void>();
    driver.before = (n) => (n === 1 ? first.promise : Promise.resolve());
    const answers = [settle(store, create(one))];
    for (const _ of idsTo(5)) {
      await turn();
      answers.push(settle(store, append(one)));
    }
    first.resolve();
    await Promise.all(answers);
    assert.deepEqual(sizes(driver), [1, 5]);
  }),

  managedCase("a batch holds no more than batch_writes", { batch_writes: 10 }, async ({ store, driver }) => {
    await settle(store, create(one));
    await Promise.all(idsTo(35).map(() => settle(store, append(one))));
    assert.deepEqual(sizes(driver), [1, 10, 10, 10, 5]);
  }),

  managedCase("a batch holds no more than batch_bytes", { batch_bytes: 100 }, async ({ store, driver }) => {
    const bytes = (count: number) => append(one, `{"a":"${"é".repeat(count / 2 - 4)}"}`);
    const writes = [create(one), bytes(60), bytes(40), bytes(42), bytes(60), bytes(300), bytes(20)];
    await Promise.all(writes.map((write) => settle(store, write)));
    assert.deepEqual(sizes(driver), [3, 1, 1, 1, 1]);
  }),

  managedCase("answers come in the order of the writes", { batch_writes: 7 }, async ({ store }) => {
    const order: number[] = [];
    const writes = [append(one), create(one), ...idsTo(40).map(() => append(one)), create(one)];
    writes.forEach((write, i) => {
      store.write(write, () => order.push(i));
    });
    await settle(store, append(one));
    assert.deepEqual(order, [...writes.keys()]);
  }),

  managedCase("an answer never comes inside the call", {}, async ({ store }) => {
    const kinds: string[] = [];
    const answered = Promise.withResolvers<void>();
    store.write(create(one), ({ kind }) => {
      kinds.push(kind);
      store.write(append(one), (outcome) => {
        kinds.push(outcome.kind);
        answered.resolve();
      });
      assert.deepEqual(kinds, ["done"]);
    });
    assert.deepEqual(kinds, []);
    await answered.promise;
    assert.deepEqual(kinds, ["done", "appended"]);
  }),

  managedCase("the first failure is final", { batch_writes: 10 }, async ({ store, driver, failures }) => {
    const cause = new Error("no space left");
    driver.before = async (n) => {
      if (n === 2) throw cause;
    };
    const answers: Outcome[] = [];
    const failuresBefore: number[] = [];
    for (const write of [create(one), ...idsTo(34).map(() => append(one))]) {
      store.write(write, (outcome) => {
        answers.push(outcome);
        failuresBefore.push(failures.length);
      });
    }
    while (failures.length === 0) await turn();

    const before = [{ kind: "done" }, ...idsTo(9).map((id) => appended(id))];
    assert.deepEqual(answers, [...before, ...idsTo(25).map(() => unknown)]);
    assert.deepEqual(
      failuresBefore,
      answers.map(() => 0),
    );
    assert.deepEqual(await settle(store, append(one)), unknown);
    assert.deepEqual(sizes(driver), [10, 10]);
    assert.deepEqual(store.counts, { batches: 1, writes: 10 });
    await turn();
    assert.deepEqual(failures, [cause]);
  }),

  managedCase("a failed tidy is final like a failed commit", {}, async ({ store, driver, failures }) => {
    await settle(store, create(one));
    assert.equal(await store.tidy(), false);
    const cause = new Error("no space left");
    driver.beforeTidy = () => Promise.reject(cause);
    assert.equal(await store.tidy(), false);
    assert.deepEqual(failures, [cause]);
    assert.deepEqual(await settle(store, append(one)), unknown);
    assert.equal(await store.tidy(), false);
    assert.deepEqual([driver.tidied, sizes(driver), failures], [2, [1], [cause]]);
    assert.equal((await store.room(one))?.last_id, 0);
  }),

  managedCase(
    "a driver that is lost has failed for good, also when nothing is asked of it",
    {},
    async (parts) => {
      const { store, driver, failures } = parts;
      await settle(store, create(one));
      assert.equal(store.hasFailed, false);
      const cause = new Error("the thread has ended");
      driver.loss.resolve(cause);
      await turn();
      assert.deepEqual([store.hasFailed, failures], [true, [cause]]);
      assert.deepEqual(await settle(store, append(one)), unknown);
      assert.equal(await store.tidy(), false);
      assert.deepEqual([driver.tidied, sizes(driver), failures], [0, [1], [cause]]);
    },
  ),

  managedCase("a tidy that fails beside a commit is told behind its answers", {}, async (parts) => {
    const { store, driver, failures } = parts;
    const commit = Promise.withResolvers<void>();
    driver.before = () => commit.promise;
    driver.beforeTidy = () => Promise.reject(new Error("no space left"));
    const seen: [string, number][] = [];
    const answers = [create(one), append(one)].map(
      (write) =>
        new Promise<void>((resolve) =>
          store.write(write, ({ kind }) => {
            seen.push([kind, failures.length]);
            resolve();
          }),
        ),
    );
    await turn();
    await store.tidy();
    store.write(append(one), ({ kind }) => seen.push([kind, failures.length]));
    const early = failures.length;
    commit.resolve();
    await Promise.all(answers);
    while (failures.length === 0) await turn();
    assert.equal(early, 0);
    assert.deepEqual(seen, [
      ["done", 0],
      ["appended", 0],
      ["unknown", 0],
    ]);
  }),

  {
    title: "tidy does nothing once close has begun",
    async run(newStore) {
      const { store, driver } = managed(newStore);
      await store.open();
      store.write(create(one), () => {});
      const closed = store.close();
      assert.equal(await store.tidy(), false);
      await closed;
      assert.equal(await store.tidy(), false);
      assert.deepEqual([driver.tidied, driver.closed], [0, 1]);
    },
  },

  managedCase("a trim is a write of its batch", { batch_writes: 3 }, async ({ store, driver }) => {
    const writes = [create(one), append(one), trim(one, { before: 2 }), append(one)];
    const answers = await Promise.all(writes.map((write) => settle(store, write)));
    assert.deepEqual(answers, [{ kind: "done" }, appended(1), trimmed(2, 1, 2), appended(2)]);
    assert.deepEqual([sizes(driver), store.counts], [[3, 1], { batches: 2, writes: 4 }]);
  }),

  managedCase("reads go through to the driver", {}, async ({ store, driver }) => {
    await Promise.all([create(one), append(one), append(one)].map((write) => settle(store, write)));
    const { kind: _, ...order } = trim(one, { bounds: { retention: { max_messages: 1 } } });
    const page = { ...one, order: "desc", limit: 1, max_bytes: 100 } as const;
    const overdue = { service: one.service, bounds: order.bounds, from: 0, most: 1 };
    const counted = { messages: 0, bytes: 0 };
    const reads = async (from: Pick<Store, "life" | "endedLives" | "messages" | "overdue" | "trimmable">) => [
      await from.life(one),
      await from.messages(page),
      await from.overdue(overdue),
      await from.trimmable({ ...order, counted }),
      await from.endedLives({ ...one, limit: 1 }),
    ];
    const found = await reads(store);
    assert.deepEqual(found, await reads(driver));
    assert.deepEqual(found.slice(2), [
      { lives: [{ room_id: one.room_id, epoch: "first life" }], next: undefined },
      { first_id: 2, messages: 1, bytes: 2, more: false },
      [],
    ]);
  }),

  {
    title: "open twice is one open, close twice is one close",
    async run(newStore) {
      const { store, driver } = managed(newStore);
      await Promise.all([store.open(), store.open()]);
      await Promise.all([store.close(), store.close()]);
      await store.close();
      assert.deepEqual([driver.opened, driver.closed], [1, 1]);
    },
  },

  {
    title: "close commits what waits, then closes",
    async run(newStore) {
      const { store, driver } = managed(newStore, { batch_writes: 10 });
      await store.open();
      const answers: Outcome[] = [];
      for (const write of [create(one), ...idsTo(24).map(() => append(one))]) {
        store.write(write, (outcome) => {
          assert.equal(driver.closed, 0);
          answers.push(outcome);
        });
      }
      await store.close();
      assert.deepEqual(answers, [{ kind: "done" }, ...idsTo(24).map((id) => appended(id))]);
      assert.deepEqual([sizes(driver), driver.closed], [[10, 10, 5], 1]);
    },
  },

  {
    title: "a store that has failed can be closed",
    async run(newStore) {
      const { store, driver, failures } = managed(newStore);
      await store.open();
      driver.before = () => Promise.reject(new Error("no space left"));
      const answer = settle(store, create(one));
      await store.close();
      assert.deepEqual(await answer, unknown);
      assert.deepEqual([failures.length, driver.closed], [1, 1]);
    },
  },
];

const sizes = ({ batches }: { readonly batches: readonly (readonly unknown[])[] }) =>
  batches.map((batch) => batch.length);

const turn = () => new Promise((resolve) => setImmediate(resolve));

interface Ack {
  readonly room_id: string;
  readonly msg_id: number;
  readonly msg: string;
}

/** Each writer goes through the rooms, from another one on, and sends the next when the one before is answered. */
async function writeAll(store: ManagedStore, keys: readonly RoomKey[]): Promise<Ack[]> {
  const acks: Ack[] = [];
  const writer = async (number: number) => {
    for (const i of keys.keys()) {
      const key = keys[(i + number) % keys.length] as RoomKey;
      const msg = `{"writer":${number},"round":${i}}`;
      const outcome = await settle(store, append(key, msg));
      assert(outcome.kind === "appended");
      acks.push({ room_id: key.room_id, msg_id: outcome.msg_id, msg });
    }
  };
  await Promise.all(idsTo(WRITERS).map(writer));
  return acks;
}

/** The log holds what was answered, under the ids that were answered, and nothing else. */
async function assertLog(store: ManagedStore, key: RoomKey, acks: readonly Ack[]): Promise<void> {
  const log = await logOf(store, key);
  assert.deepEqual(
    log.map(({ msg_id, msg }) => ({ room_id: key.room_id, msg_id, msg })),
    acks.filter(({ room_id }) => room_id === key.room_id).sort((a, b) => a.msg_id - b.msg_id),
  );
  assert.deepEqual(
    log.map(({ msg_id }) => msg_id),
    idsTo(log.length),
  );
}
