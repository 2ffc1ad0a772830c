import assert from "node:assert/strict";
import type {
  Append,
  Erase,
  Erased,
  ErasePlace,
  Hold,
  LifeKey,
  RoomKey,
  SetHold,
  Store,
  Written,
} from "../../store/store.ts";
import { type StoreCase, storeCase } from "./case.ts";
import {
  append,
  create,
  destroy,
  done,
  idsTo,
  logOf,
  one,
  overdueEpochs,
  pageOf,
  trim,
  trimmed,
} from "./samples.ts";

const HOLD: Hold = { since: 5, by: "opa", reason: "case 7" };
const onHold: Written = { kind: "refused", reason: "on_hold" };

/** What erasing promises (M21), and what holds do (M22). */
export const erasureCases: readonly StoreCase[] = [
  storeCase("[M21] what a user wrote goes, ids, order and times stay", async (store) => {
    await store.commit([create(one), by("ann", '{"a":1}'), by("bob", '{"b":1}'), by("ann", '{"a":2}', 7)]);
    await begin(store);
    assert.deepEqual(await eraseAll(store, one), { messages: 2, bytes: 10, msg_ids: [1, 3] });
    assert.deepEqual(
      (await logOf(store, one)).map(({ msg_id, msg, timestmap, log }) => ({ msg_id, msg, timestmap, log })),
      [
        { msg_id: 1, msg: "{}", timestmap: 1, log: { erased: true } },
        { msg_id: 2, msg: '{"b":1}', timestmap: 1, log: undefined },
        { msg_id: 3, msg: "{}", timestmap: 7, log: { erased: true } },
      ],
    );
    assert.equal((await store.life({ ...one }))?.bytes, 11);
    assert.equal((await store.usage({ service: "main" })).bytes, 11);
  }),

  storeCase("[M21] in the same commit as sends, before it and after it", async (store) => {
    await store.commit([create(one)]);
    const written = await store.commit([by("ann", '{"a":1}'), beginning, erasing(one), by("ann", '{"a":2}')]);
    assert.equal(written[2]?.kind === "erased" && written[2].messages, 1);
    assert.deepEqual(
      (await logOf(store, one)).map(({ msg }) => msg),
      ["{}", '{"a":2}'],
    );
    assert.equal((await store.life({ ...one }))?.bytes, 9);
  }),

  storeCase("[M21] a long log is erased in slices, whatever they are, and once", async (store) => {
    const authors = idsTo(700).map((n) => (n % 3 === 0 ? "ann" : "bob"));
    await store.commit([create(one), ...authors.map((author) => by(author, '{"n":1}'))]);
    const changes = [3, 3, 6, 9, 9].map((ref) => changing("mia", "edit", ref));
    await store.commit([...changes, changing("ann", "edit", 6), changing("mia", "delete", 9)]);
    const dry = await countAll(store, 3);
    await begin(store);
    const { messages, bytes, msg_ids } = await eraseAll(store, one, 3);
    assert.deepEqual(dry, { messages, bytes });
    assert.equal(messages, 233 + 5 + 1 + 1);
    assert.equal(msg_ids.length, messages);
    assert.deepEqual(await eraseAll(store, one, 3), { messages: 0, bytes: 0, msg_ids: [] });
    const log = await logOf(store, one);
    assert.deepEqual(
      log.filter(({ msg }) => msg === "{}").map(({ msg_id }) => msg_id),
      msg_ids,
    );
    assert.equal((await store.life({ ...one }))?.bytes, 700 * 7 + 7 * 7 - bytes);
  }),

  storeCase("[M21] what was changed reads as erased too, and is told", async (store) => {
    await store.commit([create(one), by("bob", '{"b":1}'), changing("ann", "edit", 1)]);
    await begin(store);
    assert.deepEqual((await eraseAll(store, one)).msg_ids, [1, 2]);
    const [first] = (await pageOf(store, one, { versions: "all" })).messages;
    assert.deepEqual([first?.msg, first?.log?.erased], ["{}", true]);
    assert.deepEqual(
      first?.log?.versions?.map(({ msg, erased }) => [msg, erased]),
      [
        ['{"b":1}', undefined],
        ["{}", true],
      ],
    );
    assert.deepEqual(await store.commit([{ ...changing("ann", "edit", 1), user_id: "bob" }]), [
      { kind: "appended", epoch: "first life", msg_id: 3, timestmap: 1 },
    ]);
  }),

  storeCase("[M21] [M20] whom he mentioned goes too", async (store) => {
    await store.commit([create(one), { ...by("ann", '{"a":"@bob"}'), mentions: ["bob"] }]);
    await begin(store);
    await eraseAll(store, one);
    assert.deepEqual((await logOf(store, one))[0]?.log, { erased: true });
    const [unread] = await store.unread({
      service: "main",
      user_id: "bob",
      rooms: [{ room_id: "one", all: true }],
    });
    assert.deepEqual([unread?.unread, unread?.mentions], [1, 0]);
  }),

  storeCase("[M21] an erased message is changed no more", async (store) => {
    await store.commit([create(one), by("ann", '{"a":1}')]);
    await begin(store);
    await eraseAll(store, one);
    const refused: Written = { kind: "refused", reason: "message_not_found" };
    const written = await store.commit([changing("ann", "edit", 1), changing("ann", "delete", 1)]);
    assert.deepEqual(written, [refused, refused]);
  }),

  storeCase("[M21] lives in which somebody wrote are found, a slice at a time", async (store) => {
    const other = { ...one, room_id: "other" };
    await store.commit([create(one), by("ann", "{}"), destroy(one), create(one, "e2"), by("bob", "{}")]);
    await store.commit([create(other, "e3"), append(other), create({ ...one, service: "x" }, "e4")]);
    const found: string[] = [];
    for (let from: number | undefined = 0; from !== undefined; ) {
      const slice: Awaited<ReturnType<Store["authored"]>> = await store.authored({
        service: "main",
        user_id: "ann",
        from,
        most: 1,
      });
      found.push(...slice.lives.map(({ epoch }) => epoch));
      from = slice.next;
    }
    assert.deepEqual(found, ["first life", "e3"]);
  }),

  storeCase("[M21] [M9] old names of sends are forgotten, young ones stay", async (store) => {
    const named = (client_msg_id: string, timestmap: number) => ({
      ...by("ann", "{}", timestmap),
      client_msg_id,
    });
    await store.commit([create(one), named("old", 1), named("older", 1), named("young", 9)]);
    await begin(store);
    // Behind the last of his entries.
    await store.commit([erasing(one, { most: 1, names_before: 5 })]);
    assert.deepEqual(await store.commit([named("old", 10)]), [{ kind: "duplicate", msg_id: 1 }]);
    await eraseAll(store, one, 1, 5);
    const [old, young] = await store.commit([named("old", 10), named("young", 10)]);
    assert.deepEqual([old?.kind, young], ["appended", { kind: "duplicate", msg_id: 3 }]);
  }),

  storeCase(
    "[M21] a receipt counts what was done, and one that is not complete is gone on with",
    async (store) => {
      await store.commit([create(one), by("ann", '{"a":1}'), by("ann", '{"a":1}')]);
      await begin(store);
      await store.commit([erasing(one, { most: 1 })]);
      const again = await begin(store, "another");
      const expected = {
        receipt: "first",
        user_id: "ann",
        by: "opa",
        rooms: 1,
        messages: 1,
        bytes: 5,
        held: [],
      };
      assert.deepEqual(again, { kind: "erasure", erasure: expected });
      await eraseAll(store, one);
      const erasure = { ...expected, messages: 2, bytes: 10, at: 77 };
      assert.deepEqual(
        await store.commit([{ kind: "end_erasure", service: "main", receipt: "first", at: 77 }]),
        [{ kind: "erasure", erasure }],
      );
      await begin(store, "second");
      const list = await store.erasures({ service: "main", limit: 9 });
      assert.deepEqual(
        list.map(({ receipt }) => receipt),
        ["second", "first"],
      );
      assert.deepEqual(await store.erasures({ service: "main", before: "second", limit: 1 }), [erasure]);
      assert.deepEqual(await store.erasures({ service: "other", limit: 9 }), []);
    },
  ),

  storeCase("[M22] nothing of a log that is on hold is removed", async (store) => {
    await store.commit([create(one), by("ann", '{"a":1}'), hold(one), beginning]);
    assert.deepEqual((await store.life({ ...one }))?.hold, HOLD);
    const bounds = { retention: { max_messages: 1, max_age: 1 }, now: 1e12, names_before: 1e12 };
    assert.deepEqual(await store.commit([trim(one, { bounds }), trim(one, { before: 2 })]), [onHold, onHold]);
    assert.deepEqual(await overdueEpochs(store, bounds), []);
    const [erased] = await store.commit([erasing(one)]);
    assert.deepEqual(erased, {
      kind: "erased",
      messages: 0,
      bytes: 0,
      msg_ids: [],
      held: true,
      next: undefined,
    });
    assert.deepEqual((await store.erasures({ service: "main", limit: 1 }))[0]?.held, ["one"]);
    await store.commit([release(one)]);
    assert.deepEqual(await overdueEpochs(store, bounds), ["first life"]);
    assert.deepEqual(await store.commit([trim(one, { before: 2 })]), [trimmed(2, 1, 7)]);
  }),

  storeCase("[M22] a log that is not kept can be read as long as it is on hold", async (store) => {
    const ended = { ...one, epoch: "first life" };
    await store.commit([create(one), by("ann", "{}"), hold(one), destroy(one, { keep_log: false })]);
    await store.commit([create(one, "e2"), destroy(one, { keep_log: false })]);
    assert.equal((await store.life(ended))?.count, 1);
    await store.commit([hold(ended), release(one)]);
    assert.equal((await store.life(ended))?.count, 1);
    assert.equal(await store.life({ ...one, epoch: "e2" }), undefined);
    await store.commit([release(ended)]);
    assert.equal(await store.life(ended), undefined);
    assert.deepEqual(await overdueEpochs(store), ["first life", "e2"]);
  }),

  storeCase("[M22] a second hold gives another reason, and one life can be held alone", async (store) => {
    await store.commit([create(one), destroy(one), create(one, "e2"), hold({ ...one, epoch: "e2" })]);
    const { reason: _, ...unsaid } = HOLD;
    assert.deepEqual(await store.commit([hold({ ...one, epoch: "e2" }, { since: 9, by: "eve" })]), [done]);
    assert.deepEqual((await store.life({ ...one }))?.hold, unsaid);
    assert.equal((await store.life({ ...one, epoch: "first life" }))?.hold, undefined);
  }),
];

const beginning = {
  kind: "begin_erasure",
  service: "main",
  user_id: "ann",
  receipt: "first",
  by: "opa",
} as const;

async function begin(store: Store, receipt = "first"): Promise<Written | undefined> {
  return (await store.commit([{ ...beginning, receipt }]))[0];
}

function by(user_id: string, msg: string, timestmap = 1): Append {
  return { ...append(one, msg, timestmap), user_id };
}

function changing(user_id: string, op: "edit" | "delete", ref: number): Append {
  return { ...by(user_id, '{"c":1}'), ref, change: { op, any: true } };
}

function erasing(key: RoomKey, part: Partial<Erase> = {}): Erase {
  const from = { msg_id: 1, change: 0 };
  const all = { epoch: "first life", user_id: "ann", receipt: "first", names_before: 0, most: 100 };
  return { kind: "erase", ...key, ...all, from, ...part };
}

function hold(key: LifeKey, held: Hold = HOLD): SetHold {
  return { kind: "set_hold", ...key, hold: held };
}

function release(key: LifeKey): SetHold {
  return { kind: "set_hold", ...key, hold: undefined };
}

/** All slices together. */
async function eraseAll(store: Store, key: RoomKey, most = 100, names_before = 0) {
  const ids = new Set<number>();
  let [messages, bytes] = [0, 0];
  for (let from: ErasePlace | undefined = { msg_id: 1, change: 0 }; from; ) {
    const [slice] = await store.commit([erasing(key, { from, most, names_before })]);
    assert(slice?.kind === "erased");
    const erased: Erased = slice;
    for (const id of erased.msg_ids) ids.add(id);
    messages += erased.messages;
    bytes += erased.bytes;
    from = erased.next;
  }
  return { messages, bytes, msg_ids: [...ids].sort((a, b) => a - b) };
}

async function countAll(store: Store, most: number) {
  let [messages, bytes] = [0, 0];
  for (let from: ErasePlace | undefined = { msg_id: 1, change: 0 }; from; ) {
    const slice: Awaited<ReturnType<Store["erasable"]>> = await store.erasable(erasing(one, { from, most }));
    messages += slice?.messages ?? 0;
    bytes += slice?.bytes ?? 0;
    from = slice?.next;
  }
  return { messages, bytes };
}
