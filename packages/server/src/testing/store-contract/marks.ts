import assert from "node:assert/strict";
import type { Append, SetMark, Store, Unread, Written } from "../../store/store.ts";
import { type StoreCase, storeCase } from "./case.ts";
import {
  append,
  create,
  destroy,
  epochNotFound,
  logOf,
  one,
  roomNotFound,
  trim,
  trimAll,
} from "./samples.ts";

const moved: Written = { kind: "marked", moved: true };
const stayed: Written = { kind: "marked", moved: false };
const messageNotFound: Written = { kind: "refused", reason: "message_not_found" };
const two = { ...one, room_id: "two" };

/** What marks and counts of what is unread promise (M19, M20). */
export const markCases: readonly StoreCase[] = [
  storeCase("[M19] a mark never goes back, and stands at a message that was stored", async (store) => {
    await store.commit([create(one), append(one), append(one), append(one)]);
    assert.deepEqual(await store.commit([mark("bob", 2), mark("bob", 1), mark("bob", 2), mark("bob", 4)]), [
      moved,
      stayed,
      stayed,
      messageNotFound,
    ]);
    assert.deepEqual(await store.commit([mark("bob", 1), mark("bob", 3), mark("amy", 1)]), [
      stayed,
      moved,
      moved,
    ]);
    assert.deepEqual(await store.marks({ ...one, limit: 10 }), [
      { user_id: "amy", msg_id: 1 },
      { user_id: "bob", msg_id: 3 },
    ]);
    assert.deepEqual(await store.marks({ ...one, after: "amy", limit: 10 }), [{ user_id: "bob", msg_id: 3 }]);
    assert.deepEqual(await store.marks({ ...one, limit: 1 }), [{ user_id: "amy", msg_id: 1 }]);
  }),

  storeCase("[M19] a mark belongs to its life of the room", async (store) => {
    await store.commit([create(one), append(one)]);
    assert.deepEqual(
      await store.commit([
        { ...mark("bob", 1), epoch: "another life" },
        { ...mark("bob", 1), epoch: "first life" },
        { ...mark("bob", 1), ...two },
        destroy(one),
        mark("bob", 1),
        create(one, "second life"),
        mark("bob", 1),
      ]),
      [epochNotFound, moved, roomNotFound, { kind: "done" }, roomNotFound, { kind: "done" }, messageNotFound],
    );
    assert.deepEqual(await store.marks({ ...one, limit: 10 }), []);
    assert.deepEqual(await store.marks({ ...two, limit: 10 }), undefined);
    assert.deepEqual(await marked(store, "bob"), []);
    await store.commit([append(one)]);
    assert.deepEqual(await unreadOf(store, "bob"), { unread: 1, mentions: 0, mark: 0, last_id: 1 });
  }),

  storeCase("[M19] a life that is forgotten takes its marks along", async (store) => {
    await store.commit([create(one), append(one), mention(["bob"]), edit(1), mark("bob", 1)]);
    await store.commit([destroy(one, { keep_log: false })]);
    await trimAll(store, trim(one));
    assert.equal(await store.life({ ...one, epoch: "first life" }), undefined);
    // The next room may get the number of the one that is gone.
    await store.commit([create(one, "second life"), append(one), append(one)]);
    assert.deepEqual(await unreadOf(store, "bob"), { unread: 2, mentions: 0, mark: 0, last_id: 2 });
  }),

  storeCase("[M19] who has read everything has read what he sends", async (store) => {
    await store.commit([create(one), append(one), mark("ann", 1), mark("bob", 1)]);
    assert.deepEqual(await marksOf(store), { ann: 1, bob: 1 });
    await store.commit([append(one), by("bob"), append(one), by("eve")]);
    assert.deepEqual(await marksOf(store), { ann: 2, bob: 1 });
    await store.commit([mark("bob", 5)]);
    await store.commit([by("bob"), by("bob"), append(one)]);
    assert.deepEqual(await marksOf(store), { ann: 2, bob: 7 });
  }),

  storeCase("[M19] edits do not come between a mark and what is sent", async (store) => {
    await store.commit([create(one), append(one), append(one), mark("bob", 2), edit(1)]);
    await store.commit([edit(2), by("bob"), edit(1), by("bob"), append(one), edit(1), by("bob")]);
    assert.deepEqual(await marksOf(store), { bob: 7 });
    await store.commit([trim(one, { before: 9 }), mark("bob", 8), edit(10)]);
    await store.commit([trim(one, { before: 11 }), by("bob")]);
    assert.deepEqual(await marksOf(store), { bob: 12 });
  }),

  storeCase("[M20] unread is what stands behind the mark", async (store) => {
    await store.commit([create(one), create(two), ...Array(5).fill(append(one)), append(two)]);
    await store.commit([mark("bob", 3)]);
    const rooms = ["two", "nowhere", "one"].map((room_id) => ({ room_id, all: true }));
    assert.deepEqual(await store.unread({ service: one.service, user_id: "bob", rooms }), [
      { room_id: "two", epoch: "first life", unread: 1, mentions: 0, mark: 0, last_id: 1 },
      { room_id: "one", epoch: "first life", unread: 2, mentions: 0, mark: 3, last_id: 5 },
    ]);
  }),

  storeCase(
    "[M20] edits and deletions are not unread, also when others of them were dropped",
    async (store) => {
      await store.commit([create(one), append(one), edit(1), append(one), edit(3), append(one), deletion(5)]);
      assert.deepEqual(await counts(store, "bob"), [3, 0]);
      for (const [msg_id, unread] of [
        [1, 2],
        [2, 2],
        [3, 1],
        [5, 0],
        [6, 0],
      ] as const) {
        await store.commit([mark("bob", msg_id)]);
        assert.deepEqual(await counts(store, "bob"), [unread, 0]);
      }
      await store.commit([trim(one, { before: 4 }), append(one)]);
      assert.deepEqual(await counts(store, "bob"), [1, 0]);
      assert.deepEqual(await counts(store, "amy"), [2, 0]);
      await store.commit([trim(one, { before: 8 }), append(one), edit(8), append(one), edit(8)]);
      assert.deepEqual(await counts(store, "bob"), [2, 0]);
      await store.commit([mark("bob", 8)]);
      assert.deepEqual(await counts(store, "bob"), [1, 0]);
    },
  ),

  storeCase("[M20] what was dropped is not unread any more", async (store) => {
    await store.commit([create(one), ...Array(6).fill(mention(["bob"])), mark("bob", 1)]);
    await store.commit([trim(one, { before: 5 })]);
    assert.deepEqual(await unreadOf(store, "bob"), { unread: 2, mentions: 2, mark: 1, last_id: 6 });
    await store.commit([trim(one, { before: 7 })]);
    assert.deepEqual(await unreadOf(store, "bob"), { unread: 0, mentions: 0, mark: 1, last_id: 6 });
  }),

  storeCase("[M20] [R11] what was sent before one came is not unread", async (store) => {
    await store.commit([create(one), mention(["bob"]), append(one)]);
    assert.deepEqual(await counts(store, "bob", false), [0, 0]);
    await store.commit([{ kind: "set_since", ...one, user_id: "bob" }, mention(["bob"]), append(one)]);
    assert.deepEqual(await counts(store, "bob", false), [2, 1]);
    assert.deepEqual(await counts(store, "bob"), [4, 2]);
    await store.commit([mark("bob", 3)]);
    assert.deepEqual(await counts(store, "bob", false), [1, 0]);
  }),

  storeCase("[M20] mentions are kept with the message and counted from the mark on", async (store) => {
    await store.commit([create(one), mention(["bob", "amy"]), append(one), { ...mention(["bob"]), ref: 1 }]);
    const logs = (await logOf(store, one)).map(({ log }) => log);
    assert.deepEqual(logs, [{ mentions: ["bob", "amy"] }, undefined, { ref: 1, mentions: ["bob"] }]);
    assert.deepEqual(await counts(store, "bob"), [3, 2]);
    assert.deepEqual(await counts(store, "amy"), [3, 1]);
    assert.deepEqual(await counts(store, "eve"), [3, 0]);
    await store.commit([mark("bob", 1), mark("amy", 2)]);
    assert.deepEqual(await counts(store, "bob"), [2, 1]);
    assert.deepEqual(await counts(store, "amy"), [1, 0]);
  }),

  storeCase("[M20] neither one's own mention counts nor that of a deleted message", async (store) => {
    await store.commit([create(one), mention(["bob", "ann"]), mention(["bob"]), edit(2), deletion(1)]);
    assert.deepEqual(await counts(store, "bob"), [2, 1]);
    assert.deepEqual(await counts(store, "ann"), [2, 0]);
    const logs = (await logOf(store, one)).map(({ log }) => log?.mentions);
    assert.deepEqual(logs, [undefined, ["bob"], undefined, undefined]);
  }),

  storeCase("[M20] rooms with a mark are listed by their ids", async (store) => {
    const ids = ["b", "a", "\u{1f600}", "\uffee"];
    await store.commit(ids.flatMap((room_id) => [create({ ...one, room_id }), append({ ...one, room_id })]));
    await store.commit(ids.map((room_id) => ({ ...mark("bob", 1), room_id })));
    await store.commit([{ ...mark("amy", 1), room_id: "a" }]);
    assert.deepEqual(await marked(store, "bob"), ["a", "b", "\uffee", "\u{1f600}"]);
    assert.deepEqual(await marked(store, "bob", { after: "a", limit: 2 }), ["b", "\uffee"]);
    assert.deepEqual(await marked(store, "amy"), ["a"]);
    assert.deepEqual(await store.markedRooms({ service: "another", user_id: "bob", limit: 9 }), []);
    await store.commit([destroy({ ...one, room_id: "b" })]);
    assert.deepEqual(await marked(store, "bob"), ["a", "\uffee", "\u{1f600}"]);
  }),

  storeCase("[M19] a room has at most 10,000 marks", async (store) => {
    await store.commit([create(one), append(one), append(one)]);
    for (let from = 0; from < 10_000; from += 1000)
      await store.commit(Array.from({ length: 1000 }, (_, i) => mark(`user ${from + i}`, 1)));
    assert.deepEqual(await store.commit([mark("one more", 1), mark("user 7", 2)]), [
      { kind: "refused", reason: "too_many_marks" },
      moved,
    ]);
  }),
];

function mark(user_id: string, msg_id: number): SetMark {
  return { kind: "set_mark", ...one, user_id, msg_id };
}

function mention(mentions: readonly string[]): Append {
  return { ...append(one), mentions };
}

function by(user_id: string): Append {
  return { ...append(one), user_id };
}

function edit(ref: number): Append {
  return { ...append(one), ref, change: { op: "edit", any: true } };
}

function deletion(ref: number): Append {
  return { ...append(one), ref, change: { op: "delete", any: true } };
}

async function marksOf(store: Store): Promise<object> {
  const marks = (await store.marks({ ...one, limit: 100 })) ?? [];
  return Object.fromEntries(marks.map(({ user_id, msg_id }) => [user_id, msg_id]));
}

function marked(store: Store, user_id: string, part: { after?: string; limit?: number } = {}) {
  return store.markedRooms({ service: one.service, user_id, limit: 100, ...part });
}

/** In the room "one". */
async function unreadOf(store: Store, user_id: string, all = true): Promise<Partial<Unread>> {
  const rooms = [{ room_id: one.room_id, all }];
  const [found] = await store.unread({ service: one.service, user_id, rooms });
  assert(found, "there is no room one");
  const { room_id: _, epoch: __, ...unread } = found;
  return unread;
}

/** What is unread in the room "one", and how much of it mentions him. */
async function counts(store: Store, user_id: string, all = true) {
  const { unread, mentions } = await unreadOf(store, user_id, all);
  return [unread, mentions];
}
