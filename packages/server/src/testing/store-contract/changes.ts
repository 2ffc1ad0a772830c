import assert from "node:assert/strict";
import type { EntryOp } from "@roomlog/protocol";
import type { Append, Message, MessageQuery, Store, Written } from "../../store/store.ts";
import { type StoreCase, storeCase } from "./case.ts";
import {
  agreedPageOf,
  append,
  appended,
  create,
  destroy,
  epochNotFound,
  logOf,
  one,
  trim,
  trimmed,
} from "./samples.ts";

const messageNotFound: Written = { kind: "refused", reason: "message_not_found" };
const notAuthor: Written = { kind: "refused", reason: "not_author" };
const STAMP = { user_id: "ann", session_id: "s1", timestmap: 1 };

/** What changes messages, and what messages that refer to others promise (M15, M16). */
export const changeCases: readonly StoreCase[] = [
  storeCase("[M15] an edit is an entry of its own and gives the message its body", async (store) => {
    const written = await store.commit([create(one), append(one, '{"a":1}'), edit(1, '{"a":2}')]);
    assert.deepEqual(written.slice(1), [appended(1), appended(2)]);
    const edited = { msg_id: 2, user_id: "ann", timestmap: 1 };
    assert.deepEqual(await logOf(store, one), [
      { ...STAMP, msg_id: 1, msg: '{"a":2}', log: { edited } },
      { ...STAMP, msg_id: 2, msg: '{"a":2}', log: { op: "edit", ref: 1 } },
    ]);
  }),

  storeCase("[M15] the newest of several edits counts, also in one commit", async (store) => {
    await store.commit([create(one), append(one, '{"a":1}'), edit(1, '{"a":2}'), append(one)]);
    await store.commit([edit(1, '{"a":3}'), edit(1, '{"a":4}')]);
    const [first] = await logOf(store, one);
    assert.deepEqual(first?.msg, '{"a":4}');
    assert.deepEqual(first?.log?.edited?.msg_id, 5);
  }),

  storeCase("[M15] a deleted message and its edits have no body any more", async (store) => {
    await store.commit([create(one), append(one, '{"a":1}'), edit(1, '{"a":2}')]);
    const byOther = { ...changing("delete", 1, '{"reason":"spam"}', true), user_id: "mod", timestmap: 7 };
    await store.commit([byOther]);
    const deleted = { msg_id: 3, user_id: "mod", timestmap: 7, reason: "spam" };
    assert.deepEqual(await logOf(store, one), [
      { ...STAMP, msg_id: 1, msg: "{}", log: { deleted } },
      { ...STAMP, msg_id: 2, msg: "{}", log: { op: "edit", ref: 1, deleted } },
      {
        ...STAMP,
        msg_id: 3,
        user_id: "mod",
        timestmap: 7,
        msg: '{"reason":"spam"}',
        log: { op: "delete", ref: 1 },
      },
    ]);
  }),

  storeCase(
    "[M26] entries as they were sent; what was deleted only for whom it is not hidden",
    async (store) => {
      await store.commit([create(one), append(one, '{"a":1}'), edit(1, '{"a":2}'), append(one, '{"b":1}')]);
      await store.commit([edit(3, '{"b":2}'), deletion(3), { ...append(one), ref: 1 }]);
      const deleted = { msg_id: 5, user_id: "ann", timestmap: 1 };
      const sent = [
        { ...STAMP, msg_id: 1, msg: '{"a":1}' },
        { ...STAMP, msg_id: 2, msg: '{"a":2}', log: { op: "edit", ref: 1 } },
        { ...STAMP, msg_id: 3, msg: '{"b":1}' },
        { ...STAMP, msg_id: 4, msg: '{"b":2}', log: { op: "edit", ref: 3 } },
        { ...STAMP, msg_id: 5, msg: "{}", log: { op: "delete", ref: 3 } },
        { ...STAMP, msg_id: 6, msg: "{}", log: { ref: 1 } },
      ] as const;
      const all = await agreedPageOf(store, one, { as_sent: "all" });
      assert.deepEqual(all.messages, sent);
      const kept = await agreedPageOf(store, one, { as_sent: "kept" });
      const hidden = sent.map((entry) =>
        entry.msg_id === 3 || entry.msg_id === 4
          ? { ...entry, msg: "{}", log: { ...("log" in entry && entry.log), deleted } }
          : entry,
      );
      assert.deepEqual(kept.messages, hidden);
    },
  ),

  storeCase("[M15] only a message that is there can be changed, and by its author", async (store) => {
    await store.commit([create(one), append(one), edit(1), append(one), deletion(3)]);
    const others = { user_id: "bob" };
    assert.deepEqual(
      await store.commit([
        edit(2),
        deletion(2),
        edit(3),
        deletion(3),
        edit(4),
        edit(9),
        { ...edit(1), ...others },
        { ...deletion(1), ...others },
        { ...edit(1), epoch: "another life" },
        { ...changing("edit", 1, "{}", true), ...others },
        { ...changing("delete", 1, "{}", true), ...others },
      ]),
      [
        ...Array(6).fill(messageNotFound),
        notAuthor,
        notAuthor,
        epochNotFound,
        { ...appended(5), others: true },
        { ...appended(6), others: true },
      ],
    );
  }),

  storeCase("[T11] whether a change is one of somebody else's message is said", async (store) => {
    const bob = { user_id: "bob" };
    assert.deepEqual(
      await store.commit([
        create(one),
        append(one),
        { ...append(one), ...bob },
        changing("edit", 1, "{}", true),
        changing("edit", 2, "{}", true),
        { ...changing("edit", 2, "{}", true), ...bob },
        { ...referring(1), ...bob },
        { ...changing("delete", 1, "{}", true), ...bob },
        append(one),
      ]),
      [
        { kind: "done" },
        appended(1),
        appended(2),
        appended(3),
        { ...appended(4), others: true },
        appended(5),
        appended(6),
        { ...appended(7), others: true },
        appended(8),
      ],
    );
  }),

  storeCase("[M15] [Q1] a message has at most so many edits; it can still be deleted", async (store) => {
    const tooMany: Written = { kind: "refused", reason: "too_many_edits" };
    const bounded = (ref: number): Append => ({
      ...edit(ref),
      change: { op: "edit", any: true, most_edits: 2 },
    });
    await store.commit([create(one), append(one), append(one), referring(1), referring(1)]);
    assert.deepEqual(await store.commit([bounded(1), bounded(1), bounded(1), bounded(2), edit(1)]), [
      appended(5),
      appended(6),
      tooMany,
      appended(7),
      appended(8),
    ]);
    assert.deepEqual(await store.commit([bounded(1), { ...bounded(1), client_msg_id: "e" }, bounded(3)]), [
      tooMany,
      tooMany,
      appended(9),
    ]);
    // Those that are kept.
    const gone = { ...changing("delete", 1), change: { op: "delete", any: false, most_edits: 2 } } as const;
    assert.deepEqual(await store.commit([gone, bounded(1)]), [appended(10), messageNotFound]);
  }),

  storeCase("[M8] [M15] wordings, reasons and mentions count in the bytes of a page", async (store) => {
    const long = JSON.stringify({ a: "x".repeat(92) });
    await store.commit([create(one), append(one), edit(1, long), edit(1), append(one), append(one)]);
    const reason = JSON.stringify({ reason: "é".repeat(50) });
    await store.commit([deletion(5, reason), { ...append(one), mentions: ["m".repeat(100)] }, append(one)]);
    const ids = async (part: Partial<MessageQuery>) => {
      const { messages, cut } = await agreedPageOf(store, one, part);
      return [...idsOf(messages), cut];
    };
    // Their bodies have 2 bytes each, but for 100 of the second and 113 of the deletion.
    assert.deepEqual(await ids({ max_bytes: 105, limit: 3 }), [1, 2, 3, false]);
    assert.deepEqual(await ids({ max_bytes: 105, limit: 3, versions: "kept" }), [1, true]);
    assert.deepEqual(await ids({ max_bytes: 210, limit: 3, versions: "kept" }), [1, 2, 3, false]);
    assert.deepEqual(await ids({ max_bytes: 105, after: 3, before: 6 }), [4, 5, false]);
    assert.deepEqual(await ids({ max_bytes: 103, after: 3, before: 6 }), [4, true]);
    assert.deepEqual(await ids({ max_bytes: 103, after: 6 }), [7, true]);
    assert.deepEqual(await ids({ max_bytes: 104, after: 6 }), [7, 8, false]);
    assert.deepEqual(await ids({ max_bytes: 105, around: 4, limit: 2, before: 5, versions: "kept" }), [
      3,
      4,
      false,
    ]);
    assert.deepEqual(await ids({ max_bytes: 103, around: 4, limit: 4, after: 3, before: 6 }), [4, true]);
  }),

  storeCase("[M15] a message that was dropped cannot be changed", async (store) => {
    await store.commit([create(one), append(one), append(one)]);
    assert.deepEqual(await store.commit([trim(one, { before: 2 }), edit(1), edit(2)]), [
      trimmed(2, 1, 2),
      messageNotFound,
      appended(3),
    ]);
  }),

  storeCase(
    "[M9] a repeated change stores nothing, also when it could not be made any more",
    async (store) => {
      const [named, gone] = [
        { ...edit(1, '{"a":2}'), client_msg_id: "e" },
        { ...deletion(1), client_msg_id: "d" },
      ];
      await store.commit([create(one), append(one), named, gone]);
      assert.deepEqual(await store.commit([named, gone, gone, append(one)]), [
        { kind: "duplicate", msg_id: 2 },
        { kind: "duplicate", msg_id: 3 },
        { kind: "duplicate", msg_id: 3 },
        appended(4),
      ]);
    },
  ),

  storeCase("[M9] the name of a change that was refused can be used again", async (store) => {
    const named = { ...edit(2), client_msg_id: "e" };
    await store.commit([create(one), append(one), named]);
    assert.deepEqual(await store.commit([append(one), named]), [appended(2), appended(3)]);
  }),

  storeCase("[M15] versions are all wordings; of what was deleted only `all` tells", async (store) => {
    await store.commit([create(one), append(one, '{"a":1}'), edit(1, '{"a":2}'), append(one, '{"b":1}')]);
    await store.commit([{ ...append(one, '{"c":1}'), mentions: ["bob"] }, deletion(4), edit(1, '{"a":3}')]);
    const wording = (msg_id: number, msg: string) => ({ msg_id, user_id: "ann", timestmap: 1, msg });
    const ofFirst = [wording(1, '{"a":1}'), wording(2, '{"a":2}'), wording(6, '{"a":3}')];
    assert.deepEqual(await versions(store, "kept"), [[1, ofFirst]]);
    assert.deepEqual(await versions(store, "all"), [
      [1, ofFirst],
      [4, [{ ...wording(4, '{"c":1}'), mentions: ["bob"] }]],
    ]);
  }),

  storeCase("[M17] [M15] of versions only those that the view lets through", async (store) => {
    const hidden = (n: number) => `{"a":${n},"hidden":true}`;
    await store.commit([create(one), append(one, hidden(1)), edit(1, '{"a":2}'), edit(1, hidden(3))]);
    await store.commit([edit(1, '{"a":4}'), append(one, '{"b":1}'), edit(5, hidden(2)), deletion(5)]);
    const view = '{"/hidden":{"exists":false}}';
    const seen = async (part: Partial<MessageQuery>) => {
      const { messages } = await agreedPageOf(store, one, { versions: "all", ...part });
      const ids = (log: Message["log"]) => log?.versions?.map(({ msg_id }) => msg_id);
      return messages.flatMap(({ msg_id, log }) => (log?.versions ? [[msg_id, ids(log)]] : []));
    };
    assert.deepEqual(await seen({}), [
      [1, [1, 2, 3, 4]],
      [5, [5, 6]],
    ]);
    assert.deepEqual(await seen({ view }), [
      [1, [2, 4]],
      [5, [5]],
    ]);
    assert.deepEqual(await seen({ where: view }), await seen({}));
    // A wording is judged as the message that it was, who sent it and by which edit.
    assert.deepEqual(await seen({ view: '{"/$log/edited/msg_id":{"gte":4}}' }), [[1, [4]]]);
    assert.deepEqual(await seen({ view: '{"/$log/op":{"exists":false},"user_id":"ann","/msg_id":1}' }), [
      [1, [1, 2, 3, 4]],
    ]);
  }),

  storeCase("[M16] a message may refer to any that was stored, and is found by that", async (store) => {
    await store.commit([create(one), append(one), append(one)]);
    const written = await store.commit([referring(1), referring(4), referring(1), referring(2), edit(1)]);
    assert.deepEqual(written, [appended(3), messageNotFound, appended(4), appended(5), appended(6)]);
    const found = async (part: Partial<MessageQuery>) =>
      idsOf((await agreedPageOf(store, one, part)).messages);
    assert.deepEqual(await found({ ref: 1 }), [3, 4]);
    assert.deepEqual(await found({ ref: 1, order: "desc" }), [4, 3]);
    assert.deepEqual(await found({ ref: 1, after: 3 }), [4]);
    assert.deepEqual(await found({ ref: 1, user_id: "bob" }), []);
    assert.deepEqual(await found({ ref: 1, user_id: "ann", session_id: "s1", limit: 1 }), [3]);
    assert.deepEqual(await found({ ref: 3 }), []);
    assert.deepEqual((await logOf(store, one))[2]?.log, { ref: 1 });
  }),

  storeCase("[M16] what refers to a message is counted, without what was deleted", async (store) => {
    await store.commit([
      create(one),
      append(one),
      referring(1),
      referring(1),
      referring(2),
      edit(2),
      edit(1),
    ]);
    const refs = async () =>
      (await agreedPageOf(store, one, { refs: true })).messages.map(({ log }) => log?.refs);
    assert.deepEqual(await refs(), [2, 1, 0, 0, undefined, undefined]);
    await store.commit([deletion(2)]);
    assert.deepEqual(await refs(), [1, 1, 0, 0, undefined, undefined, undefined]);
  }),

  storeCase("[M15] entries that change others count in what a life says of itself", async (store) => {
    await store.commit([create(one), append(one, '{"a":1}'), edit(1, '{"a":22}', 5), deletion(1, "{}", 9)]);
    const life = await store.life(one);
    assert.deepEqual([life?.last_id, life?.count, life?.bytes, life?.last_time], [3, 3, 7 + 8 + 2, 9]);
    await store.commit([destroy(one)]);
    const page = await agreedPageOf(store, { ...one, epoch: "first life" } as typeof one);
    assert.deepEqual(page.messages[0]?.msg, "{}");
  }),
];

function changing(op: EntryOp, ref: number, msg = "{}", any = false): Append {
  return { ...append(one, msg), ref, change: { op, any } };
}

function edit(ref: number, msg = "{}", timestmap = 1): Append {
  return { ...changing("edit", ref, msg), timestmap };
}

function deletion(ref: number, msg = "{}", timestmap = 1): Append {
  return { ...changing("delete", ref, msg), timestmap };
}

function referring(ref: number): Append {
  return { ...append(one), ref };
}

function idsOf(messages: readonly Message[]): number[] {
  return messages.map(({ msg_id }) => msg_id);
}

/** The entries that have versions, with these. */
async function versions(store: Store, versions: "kept" | "all") {
  const { messages } = await agreedPageOf(store, one, { versions });
  return messages.flatMap(({ msg_id, log }) => (log?.versions ? [[msg_id, log.versions]] : []));
}
