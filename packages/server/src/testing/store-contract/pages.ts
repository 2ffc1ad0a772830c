import assert from "node:assert/strict";
import type { Append, Message, MessageQuery, Store } from "../../store/store.ts";
import { type StoreCase, storeCase } from "./case.ts";
import { oneOf, type Random, random } from "./random.ts";
import { agreedPageOf, append, create, destroy, idsTo, one, trim } from "./samples.ts";

const twin = { ...one, room_id: "twin" };
const END = Number.POSITIVE_INFINITY;
const SEEDS = [1, 2, 3, 4];

/** Which part of a log a page holds (M8). */
export const pageCases: readonly StoreCase[] = [
  storeCase("[M8] after and before leave out the ids they name", async (store) => {
    await fill(store, idsTo(10));
    assert.deepEqual(await ids(store, { after: 3, before: 8 }), [4, 5, 6, 7]);
    assert.deepEqual(await ids(store, { before: 3 }), [1, 2]);
    assert.deepEqual(await ids(store, { after: 7 }), [8, 9, 10]);
    assert.deepEqual(await ids(store, { after: 5, before: 6 }), []);
    assert.deepEqual(await ids(store, { after: 6, before: 5 }), []);
    assert.deepEqual(await ids(store, { before: 0 }), []);
    assert.deepEqual(await ids(store, { before: Number.MAX_SAFE_INTEGER }), idsTo(10));
  }),

  storeCase("[M8] desc takes the page from the upper end and lists the newest first", async (store) => {
    await fill(store, idsTo(10));
    assert.deepEqual(await ids(store, { order: "desc", limit: 3 }), [10, 9, 8]);
    assert.deepEqual(await ids(store, { order: "desc", limit: 3, before: 8 }), [7, 6, 5]);
    assert.deepEqual(await ids(store, { order: "desc", after: 8 }), [10, 9]);
    const page = await agreedPageOf(store, one, { order: "desc", max_bytes: 4 });
    assert.deepEqual([page.messages.map(({ msg_id }) => msg_id), page.cut], [[10, 9], true]);
  }),

  storeCase("[M8] from_time is the first time of a page, to_time the first one behind it", async (store) => {
    await fill(store, [10, 20, 20, 20, 30, 40]);
    assert.deepEqual(await ids(store, { from_time: 20 }), [2, 3, 4, 5, 6]);
    assert.deepEqual(await ids(store, { from_time: 21 }), [5, 6]);
    assert.deepEqual(await ids(store, { to_time: 20 }), [1]);
    assert.deepEqual(await ids(store, { to_time: 21 }), [1, 2, 3, 4]);
    assert.deepEqual(await ids(store, { from_time: 20, to_time: 30, order: "desc" }), [4, 3, 2]);
    assert.deepEqual(await ids(store, { from_time: 0, to_time: 10 }), []);
    assert.deepEqual(await ids(store, { from_time: 41 }), []);
    assert.deepEqual(await ids(store, { from_time: 30, to_time: 20 }), []);
    assert.deepEqual(await ids(store, { from_time: 40, to_time: Number.MAX_SAFE_INTEGER }), [6]);
  }),

  storeCase("[M8] [R11] behind the last message there is nothing, at any time", async (store) => {
    await fill(store, [10, 20]);
    for (const after of [2, 3, Number.MAX_SAFE_INTEGER, END])
      for (const times of [{ from_time: 1 }, { to_time: 1 }, { to_time: 30 }, { from_time: 5, to_time: 30 }])
        for (const order of ["asc", "desc"] as const)
          assert.deepEqual(await ids(store, { after, order, ...times }), []);
  }),

  storeCase("[M8] user_id and session_id are compared letter for letter", async (store) => {
    const authors = [
      ["ann", "s1"],
      ["Ann", "s1"],
      ["ann ", "S1"],
      ["ann", "s2"],
      ["an", "s1\u00e9"],
    ] as const;
    await store.commit([
      create(one),
      ...authors.map(([user_id, session_id]) => ({ ...append(one), user_id, session_id })),
    ]);
    assert.deepEqual(await ids(store, { user_id: "ann" }), [1, 4]);
    assert.deepEqual(await ids(store, { user_id: "Ann" }), [2]);
    assert.deepEqual(await ids(store, { user_id: "nobody" }), []);
    assert.deepEqual(await ids(store, { session_id: "s1" }), [1, 2]);
    assert.deepEqual(await ids(store, { session_id: "s1", user_id: "ann" }), [1]);
    assert.deepEqual(await ids(store, { session_id: "S1", user_id: "ann" }), []);
    assert.deepEqual(await ids(store, { session_id: "s1e\u0301" }), []);
  }),

  storeCase(
    "[M8] a session id that several users had in turn: all of its messages, in order",
    async (store) => {
      const users = ["cat", "ann", "bob", "ann", "cat", "cat", "bob"];
      await store.commit([create(one), ...users.map((user_id) => ({ ...append(one), user_id }))]);
      assert.deepEqual(await ids(store, { session_id: "s1" }), idsTo(7));
      assert.deepEqual(await ids(store, { session_id: "s1", order: "desc" }), idsTo(7).reverse());
      assert.deepEqual(await ids(store, { session_id: "s1", order: "desc", limit: 3, before: 7 }), [6, 5, 4]);
      assert.deepEqual(await ids(store, { session_id: "s1", after: 2, limit: 2 }), [3, 4]);
    },
  ),

  storeCase("[M12] a page is of the life that was asked for, and says which", async (store) => {
    await fill(store, [1, 2]);
    await store.commit([destroy(one), create(one, "second life"), append(one)]);
    const first = await agreedPageOf(store, one, { epoch: "first life" });
    const second = await agreedPageOf(store, one);
    assert.deepEqual([first.epoch, first.messages.length], ["first life", 2]);
    assert.deepEqual([second.epoch, second.messages.length], ["second life", 1]);
    assert.deepEqual(await agreedPageOf(store, one, { epoch: "second life" }), second);
    const third = await store.messages({
      ...one,
      epoch: "third life",
      order: "asc",
      limit: 1,
      max_bytes: 1,
    });
    assert.equal(third, undefined);
  }),

  storeCase("[M13] a page of a trimmed log holds what is kept, and says where that begins", async (store) => {
    await fill(store, [10, 20, 30, 40, 50]);
    await store.commit([trim(one, { before: 3 })]);
    assert.equal((await agreedPageOf(store, one)).first_id, 3);
    assert.deepEqual(await ids(store, {}), [3, 4, 5]);
    assert.deepEqual(await ids(store, { after: 1, limit: 2 }), [3, 4]);
    assert.deepEqual(await ids(store, { from_time: 5, to_time: 31 }), [3]);
    assert.deepEqual(await ids(store, { to_time: 30 }), []);
    assert.deepEqual(await ids(store, { user_id: "ann", order: "desc" }), [5, 4, 3]);
    assert.deepEqual(await ids(store, { session_id: "s1" }), [3, 4, 5]);
    await store.commit([trim(one, { before: 6 })]);
    assert.deepEqual(await agreedPageOf(store, one), {
      epoch: "first life",
      first_id: 6,
      messages: [],
      cut: false,
    });
    assert.deepEqual(await ids(store, { from_time: 5, to_time: 60, order: "desc" }), []);
  }),

  ...SEEDS.map((seed) =>
    storeCase(
      `[M8] [M17] pages by whatever parameters are what a filter finds, seed ${seed}`,
      async (store) => {
        const next = random(seed);
        const log = await randomLog(store, next);
        for (const _ of idsTo(150)) {
          const query = randomQuery(log, next);
          const expected = { epoch: "first life", first_id: log[0]?.msg_id, ...filtered(log, query) };
          assert.deepEqual(await agreedPageOf(store, one, query), expected, JSON.stringify(query));
        }
      },
    ),
  ),
];

async function fill(store: Store, times: readonly number[]): Promise<void> {
  await store.commit([create(one), ...times.map((time) => append(one, "{}", time))]);
}

async function ids(store: Store, part: Partial<MessageQuery>): Promise<number[]> {
  return (await agreedPageOf(store, one, part)).messages.map(({ msg_id }) => msg_id);
}

/** A log of some hundred messages, beside another one, with a piece of its low end gone; what should be left of it. */
async function randomLog(store: Store, next: Random): Promise<Message[]> {
  await store.commit([create(one), create(twin)]);
  const log: Message[] = [];
  for (const _ of idsTo(4 + next(4))) {
    const sends = idsTo(80).map(() => randomSend(next));
    const answers = await store.commit(sends);
    for (const [i, { room_id, user_id, session_id, msg }] of sends.entries()) {
      const answer = answers[i];
      assert(answer?.kind === "appended");
      const { msg_id, timestmap } = answer;
      if (room_id === one.room_id) log.push({ msg_id, user_id, session_id, timestmap, msg });
    }
  }
  const before = 1 + next(60);
  await store.commit([trim(one, { before })]);
  return log.slice(before - 1);
}

function randomSend(next: Random): Append {
  return {
    ...append(
      oneOf([one, one, one, twin], next),
      `{"n":${next(10)},"é":"${"x".repeat(next(oneOf([5, 200], next)))}"}`,
    ),
    user_id: oneOf(["ann", "bob", "cat", "änn"], next),
    session_id: oneOf(["s1", "s2", "s3", "s4", "s5"], next),
    timestmap: oneOf([next(1000), 500, next(2000)], next),
  };
}

/** Each parameter half of the time, near the ids and times that there are. */
function randomQuery(log: readonly Message[], next: Random): Partial<MessageQuery> {
  const maybe = <K extends keyof MessageQuery>(name: K, value: MessageQuery[K]) =>
    next(2) === 0 ? {} : { [name]: value };
  const some = () => oneOf(log, next);
  return {
    ...maybe("after", some().msg_id - next(3)),
    ...maybe("before", some().msg_id + next(3)),
    ...maybe("from_time", some().timestmap + next(3) - 1),
    ...maybe("to_time", some().timestmap + next(3) - 1),
    ...maybe("user_id", oneOf(["ann", "bob", "nobody"], next)),
    ...maybe("session_id", oneOf(["s1", "s2", "none"], next)),
    ...maybe("where", `{"/n":{"lt":${next(10)}}}`),
    ...maybe("max_scan", 1 + next(60)),
    order: oneOf(["asc", "desc"], next),
    limit: oneOf([1, 5, 50, 1000], next),
    max_bytes: oneOf([1, 500, 1e9], next),
  };
}

/** The same by looking at each message. */
function filtered(log: readonly Message[], query: Partial<MessageQuery>) {
  const { after = 0, before = END, from_time = 0, to_time = END, limit = 0, max_bytes = 0 } = query;
  const asked = log
    .filter(({ msg_id }) => msg_id > after && msg_id < before)
    .filter(({ timestmap }) => timestmap >= from_time && timestmap < to_time)
    .filter(({ user_id }) => query.user_id === undefined || user_id === query.user_id)
    .filter(({ session_id }) => query.session_id === undefined || session_id === query.session_id)
    .sort((a, b) => (query.order === "desc" ? b.msg_id - a.msg_id : a.msg_id - b.msg_id));
  const { max_scan = END } = query.where === undefined ? {} : query;
  const below = Number(/\d+/.exec(query.where ?? "10")?.[0]);
  const examined = asked.slice(0, max_scan);
  const found = examined.filter(({ msg }) => JSON.parse(msg).n < below).slice(0, limit);
  const bytesTo = (end: number) =>
    Buffer.byteLength(
      found
        .slice(0, end)
        .map(({ msg }) => msg)
        .join(""),
    );
  const messages = found.filter((_, i) => i === 0 || bytesTo(i + 1) <= max_bytes);
  const cut = messages.length < found.length;
  const isFull = cut || found.length === limit || examined.length === asked.length;
  return { messages, cut, ...(!isFull && { read_to: examined.at(-1)?.msg_id }) };
}
