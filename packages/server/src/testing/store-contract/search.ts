import assert from "node:assert/strict";
import type { MessageQuery, RoomKey, Search, Store } from "../../store/store.ts";
import { type StoreCase, storeCase } from "./case.ts";
import { oneOf, type Random, random } from "./random.ts";
import { agreedPageOf, append, create, destroy, done, idsTo, one, trim } from "./samples.ts";

const twin = { ...one, room_id: "twin" };
const on = { kind: "set_search", service: one.service, on: true } as const;
const off = { ...on, on: false };
const build = { kind: "index_messages", service: one.service, from: 0, most: 1000 } as const;

const SEEDS = [1, 2, 3, 4];

/** A filter on what is read. */
const VIEW = '{"/hidden":{"exists":false}}';

/** What is found by its words, and what stands around a message (M18). */
export const searchCases: readonly StoreCase[] = [
  storeCase("[M18] all words of a search are in what it finds, wherever", async (store) => {
    await say(store, "The rock rolls.", "a ROLLING stone", "rock, paper; stone", "rocket");
    assert.deepEqual(await found(store, "rock"), [1, 3]);
    assert.deepEqual(await found(store, "stone rock"), [3]);
    assert.deepEqual(await found(store, "rock*"), [1, 3, 4]);
    assert.deepEqual(await found(store, "roll* THE"), [1]);
    assert.deepEqual(await found(store, "rock*", { order: "desc" }), [4, 3, 1]);
    assert.deepEqual(await found(store, "nothing"), []);
    assert.deepEqual(await found(store, "rock nothing"), []);
  }),

  storeCase("[M18] a phrase stands in one string, word by word", async (store) => {
    await store.commit([
      create(one),
      append(one, '{"a":"exact words here","b":"other"}'),
      append(one, '{"a":"words exact","b":["here","other"]}'),
      append(one, '{"a":{"exact":"none"},"words":7,"c":{"d":["exact-words"]}}'),
      append(one, "{}"),
    ]);
    assert.deepEqual(await found(store, '"exact words"'), [1, 3]);
    assert.deepEqual(await found(store, '"words here"'), [1]);
    assert.deepEqual(await found(store, '"here other"'), []);
    assert.deepEqual(await found(store, '"exact wor*"'), [1, 3]);
    assert.deepEqual(await found(store, "exact-words"), [1, 3]);
    assert.deepEqual(await found(store, "exact words"), [1, 2, 3]);
    assert.deepEqual(await found(store, "d"), []);
    assert.deepEqual(await found(store, "7"), []);
  }),

  storeCase("[M18] words of any language", async (store) => {
    const texts = [
      "Café naïve STRASSE",
      "Straße",
      "全文検索エンジン",
      "ภาษาไทยง่าย",
      "Ёлка",
      "שָׁלוֹם",
      "ｗｉｄｅ ｻｰﾊﾞｰ",
      "gut 👍🏽",
    ];
    await say(store, ...texts, "ΟΔΟΣ", "한국어 검색");
    const finds = {
      cafe: [1],
      "CAFE\u0301": [1],
      strasse: [1, 2],
      検索: [3],
      索: [3],
      検: [3],
      全エ: [],
      ไทย: [4],
    };
    const more = {
      ภาษา: [4],
      елка: [5],
      שלום: [6],
      wide: [7],
      サーバ: [7],
      "👍": [8],
      οδος: [9],
      검색: [10],
      한국: [],
    };
    for (const [text, ids] of Object.entries({ ...finds, ...more, "한국*": [10] }))
      assert.deepEqual(await found(store, text), ids, text);
  }),

  storeCase("[M18] whatever is written in a search is words, never a command", async (store) => {
    await store.commit([on]);
    await say(store, "a AND b", "not near or", "x".repeat(200), "words: a·b", "c\0d \ud800e");
    // The chunk is whole, so they are looked up.
    await store.commit(idsTo(256).map(() => append(one)));
    const texts = [
      "a AND b",
      "NOT",
      "near(",
      "a OR NOT",
      "words:",
      "-a",
      "^a",
      "a + b",
      "{a b}",
      "a*b",
      "''",
      "a\0b",
      '"',
      '""',
      "*",
    ];
    for (const text of texts) await found(store, text);
    assert.deepEqual(await found(store, "AND a"), [1]);
    assert.deepEqual(await found(store, "words:"), [4]);
    assert.deepEqual(await found(store, "d e"), [5]);
    assert.deepEqual(await found(store, "*"), []);
    assert.deepEqual(await found(store, '"'), []);
    assert.deepEqual(await found(store, "x".repeat(199)), [3]);
    assert.deepEqual(await found(store, `${"x".repeat(70)}*`), [3]);
  }),

  storeCase("[M18] a search finds what is in its room and its life", async (store) => {
    const other = { ...one, service: "other" };
    const said = append(one, '{"a":"rock"}');
    await store.commit([on, create(one), create(twin), create(other), ...idsTo(300).map(() => said)]);
    await store.commit([
      { ...said, ...twin },
      { ...said, ...other, msg: '{"a":"rock roll"}' },
    ]);
    assert.equal((await found(store, "rock")).length, 300);
    assert.deepEqual(await found(store, "rock", {}, twin), [1]);
    assert.deepEqual(await found(store, "roll", {}, other), [1]);
    assert.deepEqual(await found(store, "roll"), []);
    await store.commit([destroy(one), create(one, "second life"), append(one, '{"a":"rock"}')]);
    assert.deepEqual(await found(store, "rock"), [1]);
    assert.equal((await found(store, "rock", { epoch: "first life" })).length, 300);
  }),

  storeCase(
    "[M18] what was stored while there was no index is found before and after it is made",
    async (store) => {
      await say(store, ...idsTo(700).map((id) => (id % 100 === 0 ? "hundred" : "other")));
      const all = [100, 200, 300, 400, 500, 600, 700];
      assert.deepEqual(await found(store, "hundred"), all);
      assert.deepEqual(await store.commit([on]), [done]);
      assert.deepEqual(await found(store, "hundred"), all);
      for (let from: number | undefined = 0; from !== undefined; ) {
        const [answer] = await store.commit([{ ...build, from, most: 256 }]);
        assert(answer?.kind === "indexed");
        from = answer.next;
        assert.deepEqual(await found(store, "hundred"), all);
      }
      await store.commit([off, ...idsTo(400).map(() => append(one, '{"a":"hundred"}')), on]);
      assert.equal((await found(store, "hundred")).length, 407);
      await store.commit([...idsTo(400).map(() => append(one, '{"a":"hundred"}')), build]);
      assert.equal((await found(store, "hundred")).length, 807);
    },
  ),

  storeCase("[M18] [M15] a message is found by what it says now, indexed or not", async (store) => {
    const edit = (ref: number, text: string) => ({
      ...append(one, JSON.stringify({ text })),
      ref,
      change: { op: "edit", any: true } as const,
    });
    const erase = (ref: number) => ({
      ...append(one, '{"reason":"rude"}'),
      ref,
      change: { op: "delete", any: true } as const,
    });
    const said = (text: string) => append(one, JSON.stringify({ text }));
    await store.commit([
      create(one),
      on,
      said("rock"),
      said("roll"),
      said("stone"),
      edit(1, "paper"),
      erase(2),
    ]);
    const check = async () => {
      assert.deepEqual(await found(store, "rock"), []);
      assert.deepEqual(await found(store, "paper"), [1]);
      assert.deepEqual(await found(store, "roll"), []);
      assert.deepEqual(await found(store, "rude"), []);
      assert.deepEqual(await found(store, "stone"), [3]);
    };
    await check();
    await store.commit(idsTo(300).map(() => said("other")));
    await check();
    assert.equal((await found(store, "other")).length, 300);
    await store.commit([edit(3, "rude stone"), edit(1, "glass"), edit(200, "paper"), edit(305, "paper")]);
    assert.deepEqual(await found(store, "rude"), [3]);
    assert.deepEqual(await found(store, "paper"), [200, 305]);
    assert.deepEqual(await found(store, "glass stone"), []);
    await store.commit([erase(3), erase(200), erase(305)]);
    for (const gone of ["rude", "paper", "stone"]) assert.deepEqual(await found(store, gone), []);
    assert.equal((await found(store, "other")).length, 298);
    assert.deepEqual(await found(store, "glass", {}, one, { ranked: {} }), [1]);
  }),

  storeCase("[M18] [M16] a search among the messages that refer to one", async (store) => {
    const said = append(one, '{"a":"rock"}');
    await store.commit([create(one), said, said, { ...said, ref: 1 }, { ...said, ref: 2 }, append(one)]);
    assert.deepEqual(await found(store, "rock", { ref: 1 }), [3]);
    assert.deepEqual(await found(store, "rock"), [1, 2, 3, 4]);
  }),

  storeCase("[M18] ranked: the best first, then the newer; with after it goes on", async (store) => {
    await say(store, "rock", "rock and a lot of other words", "no", "rock", "rock rock rock");
    const rank = (after?: number) =>
      found(store, "rock", {}, one, { ranked: after === undefined ? {} : { after } });
    assert.deepEqual(await rank(), [5, 4, 1, 2]);
    assert.deepEqual(await rank(4), [1, 2]);
    assert.deepEqual(await rank(2), []);
    assert.deepEqual(await found(store, "rock", { limit: 2 }, one, { ranked: { after: 5 } }), [4, 1]);
    assert.deepEqual(await found(store, "rock", { before: 4 }, one, { ranked: {} }), [1, 2]);
    for (const after of [3, 6])
      assert.equal((await page(store, { search: { text: "rock", ranked: { after } } })).missing, true);
  }),

  storeCase("[M18] around: a message and its neighbours on both sides", async (store) => {
    await store.commit([
      create(one),
      ...idsTo(9).map((id) => ({ ...append(one), user_id: id % 2 ? "odd" : "even" })),
    ]);
    const around = async (id: number, part: Partial<MessageQuery> = {}) =>
      (await page(store, { around: id, limit: 5, ...part })).messages.map(({ msg_id }) => msg_id);
    assert.deepEqual(await around(5), [3, 4, 5, 6, 7]);
    assert.deepEqual(await around(5, { limit: 4 }), [3, 4, 5, 6]);
    assert.deepEqual(await around(1), [1, 2, 3, 4, 5]);
    assert.deepEqual(await around(8), [5, 6, 7, 8, 9]);
    assert.deepEqual(await around(5, { order: "desc" }), [7, 6, 5, 4, 3]);
    assert.deepEqual(await around(5, { limit: 1 }), [5]);
    assert.deepEqual(await around(5, { limit: 100 }), idsTo(9));
    assert.deepEqual(await around(5, { user_id: "even", limit: 3 }), [4, 6, 8]);
    assert.deepEqual(await around(5, { after: 4, before: 8 }), [5, 6, 7]);
    assert.deepEqual(await around(5, { max_bytes: 6 }), [4, 5, 6]);
    assert.equal((await page(store, { around: 5, max_bytes: 6 })).cut, true);
    for (const id of [0, 10]) assert.equal((await page(store, { around: id })).missing, true);
    await store.commit([trim(one, { before: 4 })]);
    assert.deepEqual(await around(4), [4, 5, 6, 7, 8]);
    assert.equal((await page(store, { around: 3 })).missing, true);
  }),

  storeCase("[M18] [Q1] ranked are the newest that have 4 MiB of text, one at least", async (store) => {
    const text = (bytes: number) => JSON.stringify({ a: `rock ${" ".repeat(bytes - 13)}` });
    const [half, short] = [append(one, text(2_097_152)), append(one, text(100))];
    await store.commit([create(one), append(one, '{"a":"rock rock"}'), half, half, short]);
    const best = (part: Partial<MessageQuery> = {}) => found(store, "rock", part, one, { ranked: {} });
    assert.deepEqual(await best(), [4, 3]);
    assert.deepEqual(await best({ before: 4 }), [3, 2]);
    assert.deepEqual(await best({ before: 3 }), [1, 2]);
    // What is looked for in eight parts has half of that.
    const ofEight = await found(store, "rock ".repeat(8), { before: 4 }, one, { ranked: {} });
    assert.deepEqual(ofEight, [3]);
    await store.commit([append(one, text(4_194_305))]);
    assert.deepEqual(await best(), [5]);
    // Behind a view it is counted when it is looked at.
    const seen = (max_scan: number) => best({ view: VIEW, before: 5, max_scan });
    assert.deepEqual(await seen(2), [4, 3]);
    assert.deepEqual(
      await page(store, {
        view: VIEW,
        before: 5,
        max_scan: 4097,
        search: { text: "paper" },
        order: "desc",
      }).then(({ read_to }) => read_to),
      3,
    );
  }),

  storeCase("[M17] what is named has to be let through by the view", async (store) => {
    await store.commit([on, create(one), ...idsTo(300).map(() => append(one, '{"hidden":true,"a":"rock"}'))]);
    await store.commit([
      append(one, '{"a":"rock"}'),
      append(one, '{"hidden":true}'),
      append(one, '{"a":"rock roll"}'),
    ]);
    const named = async (part: Partial<MessageQuery>) => {
      const { messages, missing } = await page(store, { view: VIEW, ...part });
      return missing ?? messages.map(({ msg_id }) => msg_id);
    };
    const behind = (after: number) => ({ search: { text: "rock", ranked: { after } } });
    for (const id of [1, 300, 302]) {
      assert.equal(await named({ around: id, limit: 2 }), true);
      assert.equal(await named(behind(id)), true);
    }
    assert.deepEqual(await named({ around: 301, limit: 2 }), [301, 303]);
    assert.deepEqual(await named(behind(301)), [303]);
    assert.deepEqual(await named(behind(303)), []);
    // What does not fit into all else that is asked for is not found either.
    for (const part of [{ before: 301 }, { after: 301 }, { user_id: "bob" }, { from_time: 2 }, { ref: 1 }])
      assert.equal(await named({ ...behind(301), ...part }), true);
    const where = '{"/a":"rock roll"}';
    assert.equal(await named({ ...behind(301), where }), true);
    assert.deepEqual(await named({ around: 301, where }), [303]);
    assert.equal((await page(store, { ...behind(301), where })).missing, true);
  }),

  storeCase(
    "[M17] behind a view is looked message by message, whoever wrote and whatever says it",
    async (store) => {
      const hidden = '{"hidden":true,"a":"rock"}';
      await store.commit([
        on,
        create(one),
        ...idsTo(600).map((id) => append(one, id === 600 ? '{"a":"rock"}' : hidden)),
      ]);
      const read = async (part: Partial<MessageQuery>) => {
        const { messages, read_to } = await page(store, { view: VIEW, max_scan: 100, limit: 10, ...part });
        return [...messages.map(({ msg_id }) => msg_id), `to ${read_to}`];
      };
      for (const part of [
        {},
        { search: { text: "rock" } },
        { search: { text: "paper" } },
        { user_id: "ann" },
        { user_id: "bob" },
        { ref: 1 },
      ])
        assert.deepEqual(await read(part), ["to 100"], JSON.stringify(part));
      assert.deepEqual(await read({ search: { text: "rock" }, after: 550 }), [600, "to undefined"]);
      assert.deepEqual(await read({ search: { text: "rock" }, order: "desc" }), [600, "to 501"]);
      assert.deepEqual(await read({ search: { text: "rock", ranked: {} } }), [600, "to 501"]);
      assert.deepEqual(await read({ search: { text: "rock", ranked: {} }, before: 600 }), ["to 500"]);
      assert.deepEqual(await read({ search: { text: "rock", ranked: { after: 600 } } }), ["to undefined"]);
      assert.deepEqual(await read({ search: { text: "paper", most_unindexed: 1 } }), ["to 100"]);
    },
  ),

  storeCase(
    "[M18] [M8] around: whether there may be more where a filter has found nothing",
    async (store) => {
      await store.commit([create(one), ...idsTo(9).map((id) => append(one, `{"n":${id}}`))]);
      const around = async (id: number, n: number) => {
        const { messages, read_to } = await page(store, {
          around: id,
          where: `{"/n":${n}}`,
          max_scan: 2,
          limit: 5,
        });
        return [...messages.map(({ msg_id }) => msg_id), read_to !== undefined];
      };
      assert.deepEqual(await around(5, 4), [4, false]);
      assert.deepEqual(await around(5, 1), [true]);
      assert.deepEqual(await around(8, 1), [true]);
      assert.deepEqual(await around(2, 9), [true]);
      await store.commit([trim(one, { before: 7 })]);
      assert.deepEqual(await around(8, 1), [false]);
    },
  ),

  ...SEEDS.map((seed) =>
    storeCase(`[M18] searches find what a look at each message finds, seed ${seed}`, async (store) => {
      const next = random(seed);
      const log = await randomLog(store, next);
      for (const _ of idsTo(60)) {
        const [query, fits] = randomSearch(next);
        const part = {
          ...maybe(next, "after", next(900)),
          ...maybe(next, "before", next(1200)),
          ...maybe(next, "user_id", "bob"),
        };
        const ids = log
          .filter(
            ({ msg_id, texts, user_id }) =>
              msg_id > (part.after ?? 0) &&
              msg_id < (part.before ?? 1e9) &&
              (part.user_id ?? user_id) === user_id &&
              fits(texts),
          )
          .map(({ msg_id }) => msg_id);
        assert.deepEqual(await found(store, query, part), ids, `${query} ${JSON.stringify(part)}`);
        const newest = ids.toReversed().slice(0, 20);
        assert.deepEqual(await found(store, query, { ...part, order: "desc", limit: 20 }), newest, query);
      }
    }),
  ),
];

async function say(store: Store, ...texts: readonly string[]): Promise<void> {
  await store.commit([create(one), ...texts.map((text) => append(one, JSON.stringify({ text })))]);
}

function page(store: Store, part: Partial<MessageQuery>, key: RoomKey = one) {
  return agreedPageOf(store, key, part);
}

async function found(
  store: Store,
  text: string,
  part: Partial<MessageQuery> = {},
  key: RoomKey = one,
  search: Partial<Search> = {},
): Promise<number[]> {
  const { messages } = await page(store, { ...part, search: { text, ...search } }, key);
  return messages.map(({ msg_id }) => msg_id);
}

function maybe<K extends "after" | "before" | "user_id">(
  next: Random,
  name: K,
  value: MessageQuery[K],
): Partial<MessageQuery> {
  return next(2) === 0 ? {} : { [name]: value };
}

const VOCABULARY = ["rock", "rocket", "roll", "ro", "stone", "the", "a", "x1"];
const PREFIXES = ["ro", "rock", "s", "x"];

/** A log that is indexed in parts, beside another one, with a piece of its low end gone. */
async function randomLog(store: Store, next: Random) {
  await store.commit([create(one), create(twin)]);
  const log: { msg_id: number; user_id: string; texts: string[][] }[] = [];
  for (const _ of idsTo(12)) {
    await store.commit([oneOf([on, on, off], next), oneOf([build, on], next)]);
    const sends = idsTo(1 + next(180)).map(() => randomSend(next));
    const answers = await store.commit(sends.map(({ write }) => write));
    for (const [i, { write, texts }] of sends.entries()) {
      const answer = answers[i];
      assert(answer?.kind === "appended");
      const { room_id, user_id } = write;
      if (room_id === one.room_id) log.push({ msg_id: answer.msg_id, user_id, texts });
    }
  }
  const before = 1 + next(600);
  await store.commit([trim(one, { before })]);
  return log.filter(({ msg_id }) => msg_id >= before);
}

function randomSend(next: Random) {
  const texts = idsTo(next(3)).map(() => idsTo(next(5)).map(() => oneOf(VOCABULARY, next)));
  const msg = JSON.stringify({ t: texts.map((words) => words.join(oneOf([" ", ", ", "-"], next))) });
  const write = { ...append(oneOf([one, one, twin], next), msg), user_id: oneOf(["ann", "bob"], next) };
  return { write, texts };
}

/** A search, and whether texts, word by word, answer it. */
function randomSearch(next: Random): [string, (texts: readonly string[][]) => boolean] {
  const parts = idsTo(1 + next(2)).map(() => randomPart(next));
  return [
    parts.map(([text]) => text).join(" "),
    (texts) => parts.every(([, fits]) => texts.some((words) => fits(words))),
  ];
}

function randomPart(next: Random): [string, (words: readonly string[]) => boolean] {
  if (next(3) === 0) {
    const prefix = oneOf(PREFIXES, next);
    return [`${prefix}*`, (words) => words.some((word) => word.startsWith(prefix))];
  }
  const phrase = idsTo(1 + next(2)).map(() => oneOf(VOCABULARY, next));
  const sought = ` ${phrase.join(" ")} `;
  return [`"${phrase.join(" ")}"`, (words) => ` ${words.join(" ")} `.includes(sought)];
}
