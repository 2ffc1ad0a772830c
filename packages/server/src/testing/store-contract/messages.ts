import assert from "node:assert/strict";
import type { MessageQuery, Page, Store } from "../../store/store.ts";
import { type StoreCase, storeCase } from "./case.ts";
import { append, create, destroy, idsTo, logOf, one, pageOf } from "./samples.ts";

const KIB_64 = 65_536;

/** Texts that a store which parses, normalises or re-encodes would change. */
const texts = [
  "{}",
  ' { "b" : 1.0 ,\t"a":-0, "big":12345678901234567890123,"e":1e400 }\n',
  '{"a":1,"a":2,"__proto__":{"x":1}}',
  '{"a":"\\u0000","b":"\\ud800","c":"\\udc00\\ud800","d":"\\ud83d\\ude00"}',
  '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\'"}',
  '{"astral":"\u{1f600}\u{10ffff}","other":"\u2028\u2029\ufeff\ufffd\u007f"}',
  '{"composed":"\u00e9","decomposed":"e\u0301"}',
  `{"a":"${"x".repeat(KIB_64 - 8)}"}`,
  `{"a":"${"\u{1f600}".repeat(KIB_64 / 4 - 2)}"}`,
];

/** What `messages` promises. */
export const messageCases: readonly StoreCase[] = [
  storeCase("[M7] the text of a message comes back byte for byte", async (store) => {
    await store.commit([create(one), ...texts.map((text) => append(one, text))]);
    assert.deepEqual(
      (await logOf(store, one)).map(({ msg }) => msg),
      texts,
    );
  }),

  storeCase("[M2] a message comes back with its author and its time", async (store) => {
    const author = { user_id: "änn 😀'\"", session_id: "s\u2028" };
    const timestmap = 1_700_000_000_123_456;
    await store.commit([create(one), { ...append(one, '{"a":1}', timestmap), ...author }]);
    assert.deepEqual(await logOf(store, one), [{ msg_id: 1, ...author, timestmap, msg: '{"a":1}' }]);
  }),

  storeCase("a room without messages has an empty page, no room has none", async (store) => {
    const query: MessageQuery = { ...one, order: "asc", limit: 10, max_bytes: 100 };
    assert.equal(await store.messages(query), undefined);
    await store.commit([create(one)]);
    assert.deepEqual(await store.messages(query), {
      epoch: "first life",
      first_id: 1,
      messages: [],
      cut: false,
    });
    await store.commit([append(one), destroy(one)]);
    assert.equal(await store.messages(query), undefined);
  }),

  storeCase("a page holds the ids behind `after`, ascending, `limit` of them", async (store) => {
    await store.commit([create(one), ...idsTo(10).map(() => append(one))]);
    assert.deepEqual(await ids(store, {}), [idsTo(10), "whole"]);
    assert.deepEqual(await ids(store, { limit: 3 }), [[1, 2, 3], "whole"]);
    assert.deepEqual(await ids(store, { after: 4, limit: 2 }), [[5, 6], "whole"]);
    assert.deepEqual(await ids(store, { after: 8, limit: 5 }), [[9, 10], "whole"]);
    assert.deepEqual(await ids(store, { after: 10 }), [[], "whole"]);
    assert.deepEqual(await ids(store, { after: Number.MAX_SAFE_INTEGER }), [[], "whole"]);
  }),

  storeCase("max_bytes counts UTF-8 and cuts between messages, behind the first", async (store) => {
    const hundred = `{"a":"${"é".repeat(46)}"}`;
    assert.equal(Buffer.byteLength(hundred), 100);
    await store.commit([create(one), ...idsTo(3).map(() => append(one, hundred))]);
    assert.deepEqual(await ids(store, { max_bytes: 300 }), [[1, 2, 3], "whole"]);
    assert.deepEqual(await ids(store, { max_bytes: 299 }), [[1, 2], "cut"]);
    assert.deepEqual(await ids(store, { max_bytes: 200 }), [[1, 2], "cut"]);
    assert.deepEqual(await ids(store, { max_bytes: 199 }), [[1], "cut"]);
    assert.deepEqual(await ids(store, { max_bytes: 1 }), [[1], "cut"]);
    assert.deepEqual(await ids(store, { max_bytes: 1, after: 2 }), [[3], "whole"]);
    assert.deepEqual(await ids(store, { max_bytes: 200, limit: 2 }), [[1, 2], "whole"]);
  }),

  storeCase("page after page, every message comes once", async (store) => {
    const sizes = [1, 50, 3, 700, 2, 900, 20, 20, 20, 400];
    await store.commit([create(one), ...sizes.map((size) => append(one, `{"a":"${"x".repeat(size)}"}`))]);
    const seen: number[] = [];
    for (let page = await next(store, 0); page.messages.length > 0; page = await next(store, seen.at(-1))) {
      assert(
        seen.push(...page.messages.map(({ msg_id }) => msg_id)) < 100,
        "the pages do not come to an end",
      );
    }
    assert.deepEqual(seen, idsTo(sizes.length));
  }),
];

async function ids(store: Store, part: Partial<MessageQuery>): Promise<[number[], "cut" | "whole"]> {
  const { messages, cut } = await pageOf(store, one, part);
  return [messages.map(({ msg_id }) => msg_id), cut ? "cut" : "whole"];
}

function next(store: Store, after = 0): Promise<Page> {
  return pageOf(store, one, { after, limit: 3, max_bytes: 500 });
}
