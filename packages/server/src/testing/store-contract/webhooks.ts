import assert from "node:assert/strict";
import {
  MOST_DEAD_LETTERS,
  type MoveCursor,
  type RoomKey,
  type SetWebhooks,
  type Store,
} from "../../store/store.ts";
import { type StoreCase, storeCase } from "./case.ts";
import { append, create, destroy, done, idsTo, one, rooms, trim } from "./samples.ts";

const { service } = one;
const HOOK = { service, webhook: "hook" };
const SINCE = 100;

function set(now = SINCE, part: Partial<SetWebhooks> = {}): SetWebhooks {
  return { kind: "set_webhooks", service, webhooks: ["hook"], now, forget_before: 0, ...part };
}

function move(delivered_id: number, part: Partial<MoveCursor> = {}): MoveCursor {
  return {
    kind: "move_cursor",
    ...one,
    webhook: "hook",
    epoch: "first life",
    delivered_id,
    ended: false,
    ...part,
  };
}

function dead(from_id: number, to_id: number, part: Partial<MoveCursor> = {}): MoveCursor {
  return move(to_id, { dead: { from_id, to_id, error: "status 500", at: to_id }, ...part });
}

/** What a store says is undelivered of the first life, with what stands in it. */
function undelivered(delivered_id: number, last_id: number, part: object = {}) {
  return { epoch: "first life", delivered_id, last_id, has_cursor: true, ...part };
}

function next(store: Store, room: RoomKey = one) {
  return store.undelivered({ ...HOOK, room_id: room.room_id });
}

/** All rooms that are behind, read in slices of `most`. */
async function behind(store: Store, most: number, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for (let from: number | undefined = 0; from !== undefined; ) {
    const slice = await store.roomsBehind({ ...HOOK, prefix, from, most });
    found.push(...slice.room_ids);
    from = slice.next;
  }
  return found;
}

const letters = (store: Store, part: object = {}) => store.deadLetters({ service, limit: 100, ...part });

/** What `webhooks`, `roomsBehind`, `undelivered`, `deadLetters` and the writes behind them promise. */
export const webhookCases: readonly StoreCase[] = [
  storeCase("[W4] a webhook begins with what is sent when it is there", async (store) => {
    await store.commit([create(one), append(one, "{}", 1), append(one, "{}", 2), set()]);
    assert.deepEqual(await store.webhooks({ service }), [{ webhook: "hook", since: SINCE, dead_letters: 0 }]);
    assert.equal(await next(store), undefined);
    assert.deepEqual(await behind(store, 10), []);
    await store.commit([append(one, "{}", 100), append(one, "{}", 101)]);
    assert.deepEqual(await next(store), undelivered(2, 4, { has_cursor: false }));
    assert.deepEqual(await behind(store, 10), ["one"]);
    assert.equal(await store.undelivered({ ...HOOK, webhook: "none", room_id: "one" }), undefined);
    assert.deepEqual(await store.roomsBehind({ service: "other", webhook: "hook", from: 0, most: 9 }), {
      room_ids: [],
      next: undefined,
    });
  }),

  storeCase("[W4] also when the clock is set back: nothing is missed, nothing old is told", async (store) => {
    const [ahead, fresh, empty] = ["ahead", "fresh", "empty"].map((room_id) => ({ ...one, room_id }));
    assert(ahead && fresh && empty);
    await store.commit([create(one), append(one, "{}", 50), create(ahead), append(ahead, "{}", 900)]);
    await store.commit([create(empty), set()]);
    assert.deepEqual(await behind(store, 10), []);
    await store.commit([append(one, "{}", 60), append(one, "{}", 61), append(ahead, "{}", 60)]);
    await store.commit([create(fresh), append(fresh, "{}", 60), destroy(empty, { destroyed_at: 60 })]);
    assert.deepEqual(await next(store), undelivered(1, 3));
    assert.deepEqual(await next(store, ahead), undelivered(1, 2));
    assert.deepEqual(await next(store, fresh), undelivered(0, 1));
    assert.deepEqual(await next(store, empty), undelivered(0, 0, { destroyed_at: 60 }));
    await store.commit([append(one, "{}", 200)]);
    assert.deepEqual(await next(store), undelivered(1, 4));
  }),

  storeCase(
    "[W4] nor by a clock that is set back between a message and the end of its room",
    async (store) => {
      await store.commit([set(), create(one), append(one, "{}", 150)]);
      await store.commit([destroy(one, { destroyed_at: 60 })]);
      assert.deepEqual(await next(store), undelivered(0, 1, { destroyed_at: 60, has_cursor: false }));
    },
  ),

  storeCase("[W4] a message of the same batch is told when it stands behind the webhook", async (store) => {
    await store.commit([create(one), append(one, "{}", SINCE), set(), append(one, "{}", SINCE)]);
    assert.deepEqual(await next(store), undelivered(1, 2));
  }),

  storeCase("[W2] a cursor moves to what was delivered, and never back", async (store) => {
    await store.commit([set(), create(one), ...idsTo(5).map(() => append(one, "{}", 200))]);
    assert.deepEqual(await store.commit([move(3)]), [done]);
    assert.deepEqual(await next(store), undelivered(3, 5));
    await store.commit([move(2)]);
    assert.deepEqual(await next(store), undelivered(3, 5));
    await store.commit([move(5)]);
    assert.equal(await next(store), undefined);
    assert.deepEqual(await behind(store, 10), []);
    await store.commit([append(one, "{}", 200)]);
    assert.deepEqual(await next(store), undelivered(5, 6));
  }),

  storeCase("[W2] what is not there is passed over", async (store) => {
    await store.commit([set(), create(one)]);
    const strange = [
      move(1, { epoch: "none" }),
      move(1, { webhook: "none" }),
      dead(1, 2, { webhook: "none" }),
    ];
    assert.deepEqual(await store.commit(strange), [done, done, done]);
    assert.deepEqual(await letters(store), []);
  }),

  storeCase("[W2] every webhook has cursors of its own", async (store) => {
    await store.commit([set(SINCE, { webhooks: ["b", "hook"] }), set(SINCE, { service: "other" })]);
    await store.commit([create(one), append(one, "{}", 200), move(1)]);
    assert.equal(await next(store), undefined);
    const other = await store.undelivered({ ...HOOK, webhook: "b", room_id: "one" });
    assert.deepEqual(other, undelivered(0, 1, { has_cursor: false }));
    const names = (await store.webhooks({ service })).map(({ webhook }) => webhook);
    assert.deepEqual(names, ["b", "hook"]);
  }),

  storeCase("[W5] lives are told one after the other, each to its end", async (store) => {
    await store.commit([set(), create(one), append(one, "{}", 200), destroy(one, { destroyed_at: 201 })]);
    await store.commit([create(one, "second life"), append(one, "{}", 202)]);
    const ended = { destroyed_at: 201 };
    assert.deepEqual(await next(store), undelivered(0, 1, { ...ended, has_cursor: false }));
    await store.commit([move(1)]);
    assert.deepEqual(await next(store), undelivered(1, 1, ended));
    await store.commit([move(1, { ended: true }), move(1)]);
    assert.deepEqual(await next(store), { ...undelivered(0, 1), epoch: "second life", has_cursor: false });
  }),

  storeCase(
    "[W5] the end of a life without a message is told, also when its log is not kept",
    async (store) => {
      await store.commit([create(one), set(), destroy(one, { destroyed_at: 201, keep_log: false })]);
      assert.deepEqual(await next(store), undelivered(0, 0, { destroyed_at: 201, has_cursor: false }));
    },
  ),

  storeCase("[W5] a life that is forgotten takes its cursors along", async (store) => {
    await store.commit([set(), create(one), append(one, "{}", 200), move(0)]);
    await store.commit([destroy(one, { destroyed_at: 201, keep_log: false }), trim(one)]);
    assert.equal(await next(store), undefined);
    assert.deepEqual(await behind(store, 10), []);
  }),

  storeCase(
    "[W2] rooms that are behind come in slices of any length, those of a prefix alone",
    async (store) => {
      const keys = rooms(9);
      await store.commit([set(), ...keys.map((key) => create(key)), create({ ...one, service: "other" })]);
      const sent = keys.filter((_, i) => i % 2 === 0);
      await store.commit(sent.map((key) => append(key, "{}", 200)));
      const expected = sent.map(({ room_id }) => room_id);
      for (const most of [1, 4, 100]) assert.deepEqual(await behind(store, most), expected);
      assert.deepEqual(await behind(store, 4, "room 4"), ["room 4"]);
      assert.deepEqual(await behind(store, 4, "Room"), []);
    },
  ),

  storeCase("[W4] a webhook that comes back in time goes on where it was", async (store) => {
    await store.commit([set(), create(one), append(one, "{}", 200), append(one, "{}", 200), move(1)]);
    await store.commit([set(300, { webhooks: [] }), set(301, { webhooks: [], forget_before: 299 })]);
    const removed = [{ webhook: "hook", since: SINCE, removed_at: 300, dead_letters: 0 }];
    assert.deepEqual(await store.webhooks({ service }), removed);
    await store.commit([set(400, { forget_before: 300 })]);
    assert.deepEqual(await store.webhooks({ service }), [{ webhook: "hook", since: SINCE, dead_letters: 0 }]);
    assert.deepEqual(await next(store), undelivered(1, 2));
  }),

  storeCase("[W4] one that was away for long is forgotten, and begins anew", async (store) => {
    await store.commit([set(), create(one), append(one, "{}", 200), dead(1, 1), append(one, "{}", 200)]);
    await store.commit([set(300, { webhooks: ["other"] }), set(400, { forget_before: 301 })]);
    const known = (await store.webhooks({ service })).map(({ webhook, since }) => [webhook, since]);
    assert.deepEqual(known, [
      ["hook", 400],
      ["other", 300],
    ]);
    assert.deepEqual(await letters(store), []);
    assert.equal(await next(store), undefined);
    await store.commit([append(one, "{}", 401)]);
    assert.deepEqual(await next(store), undelivered(2, 3, { has_cursor: false }));
  }),

  storeCase("[W6] a dead letter moves the cursor, and joins the one it follows", async (store) => {
    await store.commit([set(), create(one), ...idsTo(9).map(() => append(one, "{}", 200))]);
    await store.commit([dead(1, 2), dead(3, 3), move(4), dead(5, 6)]);
    const letter = { ...one, ...HOOK, epoch: "first life", error: "status 500" };
    const second = { ...letter, letter: 2, from_id: 5, to_id: 6, at: 6 };
    const first = { ...letter, letter: 1, from_id: 1, to_id: 3, at: 3 };
    assert.deepEqual(await letters(store), [second, first]);
    assert.deepEqual(await letters(store, { limit: 1 }), [second]);
    assert.deepEqual(await letters(store, { before: 2 }), [first]);
    assert.deepEqual(await letters(store, { webhook: "other" }), []);
    assert.deepEqual(await store.deadLetters({ service: "other", limit: 9 }), []);
    assert.equal((await store.webhooks({ service }))[0]?.dead_letters, 2);
    assert.deepEqual(await next(store), undelivered(6, 9));
  }),

  storeCase(
    "[W6] a dead letter is taken out from its low end; its number is not used again",
    async (store) => {
      await store.commit([set(), create(one), ...idsTo(9).map(() => append(one, "{}", 200)), dead(1, 4)]);
      const drop = (letter: number, to_id: number, of = service) =>
        store.commit([{ kind: "drop_dead_letter", service: of, letter, to_id }]);
      const ranges = async () => (await letters(store)).map((one) => [one.letter, one.from_id, one.to_id]);
      await drop(1, 2);
      await drop(1, 1);
      await drop(1, 9, "other");
      await drop(7, 9);
      assert.deepEqual(await ranges(), [[1, 3, 4]]);
      await drop(1, 4);
      await store.commit([dead(5, 6)]);
      assert.deepEqual(await ranges(), [[2, 5, 6]]);
    },
  ),

  storeCase("[W6] the end of a life can be a dead letter alone; it outlives the life", async (store) => {
    await store.commit([set(), create(one), append(one, "{}", 200)]);
    await store.commit([destroy(one, { destroyed_at: 201, keep_log: false }), dead(1, 1)]);
    await store.commit([dead(2, 1, { ended: true }), trim(one)]);
    assert.equal(await next(store), undefined);
    const ranges = async () => (await letters(store)).map(({ from_id, to_id }) => [from_id, to_id]);
    assert.deepEqual(await ranges(), [
      [2, 1],
      [1, 1],
    ]);
    await store.commit([{ kind: "drop_dead_letter", service, letter: 2, to_id: 1 }]);
    assert.deepEqual(await ranges(), [[1, 1]]);
  }),

  storeCase("[W6] of many dead letters the oldest go", async (store) => {
    await store.commit([set(), create(one)]);
    await store.commit(idsTo(MOST_DEAD_LETTERS + 300).map((n) => dead(2 * n, 2 * n)));
    assert.deepEqual(await letters(store, { before: 100 }), []);
    const { dead_letters = 0 } = (await store.webhooks({ service }))[0] ?? {};
    assert(dead_letters >= MOST_DEAD_LETTERS && dead_letters < MOST_DEAD_LETTERS + 200, `${dead_letters}`);
    const newest = (await letters(store, { limit: 1 })).map(({ letter }) => letter);
    assert.deepEqual(newest, [MOST_DEAD_LETTERS + 300]);
  }),
];
