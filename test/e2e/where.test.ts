import { expect, test } from "vitest";
import { idsOf, inRoom, roomCalls } from "../support/in-room.ts";
import { people } from "../support/people.ts";
import { eventsOf, type Frame, RawClient } from "../support/raw-client.ts";

const memory = { store: { kind: "memory" } } as const;

/** Messages 1–10: kind a and b in turn; bob wrote 3 and 6. */
async function tenMessages(config = {}) {
  const room = await inRoom(config);
  const bob = roomCalls(await RawClient.login(room.url, "bob", "b1"));
  for (let n = 1; n <= 10; n++) {
    const from = n % 3 === 0 && n < 9 ? bob : room;
    await from.send({ n, type: n % 2 === 1 ? "a" : "b", ...(n > 8 && { tags: ["x", { deep: n }] }) });
  }
  const ids = async (query: object) => idsOf((await room.get(query)).data);
  return { ...room, bob, ids };
}

test.for([memory, {}])(
  "[M17] where goes together with every other parameter of M8, store %j",
  async (store) => {
    const { ids, reborn, info } = await tenMessages(store);
    const where = { type: "a" };
    expect(await ids({ where })).toEqual([1, 3, 5, 7, 9]);
    expect(await ids({ where, limit: 2 })).toEqual([1, 3]);
    expect(await ids({ where, limit: 2, after: 3 })).toEqual([5, 7]);
    expect(await ids({ where, limit: 2, order: "desc" })).toEqual([9, 7]);
    expect(await ids({ where, before: 7, order: "desc", limit: 2 })).toEqual([5, 3]);
    expect(await ids({ where, user_id: "bob" })).toEqual([3]);
    expect(await ids({ where, session_id: "s1", after: 1, before: 9 })).toEqual([5, 7]);
    expect(await ids({ where: { "/tags/1/deep": { gte: 9 } } })).toEqual([9, 10]);
    expect(await ids({ where: { user_id: "bob", or: [{ "/n": 6 }, { type: "a" }] } })).toEqual([3, 6]);
    expect(await ids({ where: { not: { "/n": { lt: 8 } }, "/tags": { exists: false } } })).toEqual([8]);
    expect(await ids({ where: { "/msg_id": { in: [2, 4, 99, "6"] } } })).toEqual([2, 4]);
    expect(await ids({ where: { "/n": "3" } })).toEqual([]);
    expect(await ids({ where: {} })).toHaveLength(10);
    const { epoch } = await info();
    await reborn();
    expect(await ids({ where })).toEqual([]);
    expect(await ids({ where, epoch, order: "desc", limit: 1 })).toEqual([9]);
    expect(await ids({ where, epoch: "last", limit: 1 })).toEqual([1]);
  },
);

test("[M17] a time selects before the filter does, a short page does not end the log", async () => {
  const { send, get } = await inRoom({ ...memory, services: { main: { msglog: { max_get_bytes: 120 } } } });
  for (let n = 1; n <= 6; n++) await send({ n, even: n % 2 === 0, text: "x".repeat(40) });
  const query = { where: { "/even": true }, limit: 3 };
  expect(idsOf((await get(query)).data)).toEqual([2]);
  expect(idsOf((await get({ ...query, after: 2 })).data)).toEqual([4]);
  const [, , third] = (await get({ where: { "/n": 3 }, limit: 1 })).data.concat([0, 0]);
  expect(third).toBe(0);
  const { timestmap } = (await get({ where: { "/n": 3 } })).data[0];
  expect(idsOf((await get({ where: { "/n": { gte: 3 } }, to_time: timestmap })).data)).toEqual([]);
});

test.for([
  [[], "where"],
  [null, "where"],
  ["text", "where"],
  [{ text: "hello" }, 'where.text is no path: one begins with "/"'],
  [{ and: {} }, "where.and must be a list of filters"],
  [{ or: [{}, { "/n": {} }] }, 'where.or[1]["/n"] names no operator'],
  [{ not: { "/n": { ge: 1 } } }, 'where.not["/n"].ge is no operator'],
  [{ "/n": { gte: null } }, 'where["/n"].gte must be a number or a string'],
  [{ "/n": { in: [[1]] } }, 'where["/n"].in must be a list'],
  [{ "/n": [1] }, 'where["/n"] must be a string'],
  [{ "/n": { exists: 1 } }, 'where["/n"].exists must be true or false'],
  [{ "/a~2": 1 }, 'where["/a~2"] has a "~"'],
  [{ "/timestmap": { gt: 0 } }, 'where["/timestmap"] is the time'],
  [{ "/$log/edited/timestmap": 1 }, 'where["/$log/edited/timestmap"] is the time'],
  [{ "/$log/deleted/timestamp": 1 }, 'where["/$log/deleted/timestamp"] is the time'],
] as const)("[M17] the error names the place: %j", async ([where, place]) => {
  const { get, subscribe } = await inRoom(memory);
  for (const answer of [await get({ where }), await subscribe({ where })]) {
    expect(answer.data).toMatchObject({ code: 100044, field: "where" });
    expect(answer.data.error).toContain(place);
  }
});

test("[M17] [M2] where the service calls the time `timestamp`, that is the time and the other name a member", async () => {
  const config = { ...memory, services: { main: { msglog: { time_field: "timestamp" } } } } as const;
  const { client, send, get, subscribe } = await inRoom(config);
  await send({ timestmap: 5 });
  await send({ timestmap: 6, timestamp: 5 });
  expect(idsOf((await get({ where: { "/timestmap": { gt: 5 } } })).data)).toEqual([2]);
  const where = { "/timestamp": { exists: true } };
  const isTime = { data: { code: 100044, field: "where", error: expect.stringContaining("is the time") } };
  const replay = await client.call("media/room/msglog_replay", { room_id: "r", where });
  const unread = await client.call("media/room/msglog_unread", { where });
  for (const answer of [await get({ where }), await subscribe({ where }), replay, unread])
    expect(answer).toMatchObject(isTime);
  // A right may hold in services that differ in it.
  for (const name of ["/timestmap", "/timestamp"]) {
    const right = { right: "msglog_get", rooms: "r", where: { [name]: 1 } };
    await expect(people({ eve: [right as never] }, memory)).rejects.toThrow(/is the time/);
  }
});

test("[M17] what is too large is refused: depth, parts, values, bytes", async () => {
  const { get } = await inRoom(memory);
  const nested = (depth: number): object => (depth === 1 ? { "/n": 1 } : { not: nested(depth - 1) });
  const wide = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`/m${i}`, 1] as const));
  const values = (count: number) => ({ "/n": { in: Array.from({ length: count }, (_, i) => i) } });
  for (const good of [nested(8), wide(255), values(1000)])
    expect(await get({ where: good })).toMatchObject({ result: "ok" });
  for (const [bad, words] of [
    [nested(9), "deeper than 8"],
    [wide(256), "at most 256"],
    [values(1001), "at most 1000"],
    [{ "/n": "x".repeat(20_000) }, "where"],
  ] as const) {
    const { data } = await get({ where: bad });
    expect(data).toMatchObject({ code: 100044, field: "where" });
    expect(data.error).toContain(words);
  }
});

test("[M8] where examines max_scan messages, then says where to go on, in either order", async () => {
  const scan = { services: { main: { msglog: { max_scan: 4 } } } };
  const { sendMany, get, send } = await inRoom({ ...memory, ...scan });
  await sendMany(10);
  const where = { "/n": { in: [1, 9] } };
  expect((await get({ where, limit: 5, after: 1 })).data).toMatchObject({
    code: 304103,
    field: "after",
    limit: 5,
  });
  expect((await get({ where, limit: 5, before: 9, order: "desc" })).data).toMatchObject({
    code: 304103,
    field: "before",
    limit: 5,
  });
  expect(idsOf((await get({ where, limit: 5 })).data)).toEqual([1]);
  expect(idsOf((await get({ where, limit: 1, after: 5 })).data)).toEqual([9]);
  expect((await get({ where, limit: 1, after: 9 })).data).toEqual([]);
  expect((await get({ where })).data).toMatchObject({ code: 304103, field: "limit", limit: 4 });
  await send({ text: "x".repeat(9000) });
  expect((await get({ where: { "/n": 0 }, after: 8 })).data).toEqual([]);
  await send({ n: 0 });
  // A message of more than 8192 characters counts as three.
  expect((await get({ where: { "/n": 0 }, after: 9, limit: 1 })).data).toMatchObject({ limit: 11 });
});

test("[M17] nothing that is inherited is found, and no prototype is touched", async () => {
  const { client, get } = await inRoom(memory);
  client.send(
    '{"class":"media","subclass":"room","cmd":"msglog_send","data":{"room_id":"r","msg":{"__proto__":{"x":1},"a.b":2,"c/d":{"~":3},"":4}},"tid":"s"}',
  );
  const ids = async (where: string) => {
    client.send(
      `{"class":"media","subclass":"room","cmd":"msglog_get","data":{"room_id":"r","where":${where}},"tid":"g"}`,
    );
    return idsOf((await client.until(({ tid }) => tid === "g")).data);
  };
  expect(await ids('{"/__proto__/x":1}')).toEqual([1]);
  expect(await ids('{"/a.b":2,"/c~1d/~0":3,"/":4}')).toEqual([1]);
  for (const path of ["/constructor", "/toString", "/a.b/length", "/x", "/__proto__/__proto__"])
    expect(await ids(JSON.stringify({ [path]: { exists: true } }))).toEqual([]);
  expect((await get({ where: JSON.parse('{"__proto__":{"x":1}}') })).data).toMatchObject({ code: 100044 });
  expect(({} as { x?: unknown }).x).toBeUndefined();
});

/** The ids of the messages among all that has come. */
async function came(client: RawClient): Promise<number[]> {
  return idsOf(eventsOf(await client.settled()).map((data: Frame) => ({ data })));
}

test("[M17] a subscription with where narrows all messages of the room, stored and live", async () => {
  const { url, send, sendMany } = await inRoom();
  await sendMany(6);
  const client = (await RawClient.login(url, "eve")).answering();
  const { subscribe } = roomCalls(client);
  await client.call("core/event/subscribe", { class: "media" });
  const answer = await subscribe({ after: 0, where: { "/n": { in: [2, 5, 8, 9] } } });
  expect(answer.data).toMatchObject({ first_id: 1, last_id: 6, recovered: true });
  for (let n = 7; n <= 10; n++) await send({ n });
  expect(await came(client)).toEqual([2, 5, 8, 9]);
  await subscribe({ where: { "/n": 12 } });
  for (let n = 11; n <= 13; n++) await send({ n });
  expect(await came(client)).toEqual([12]);
  await subscribe({});
  await send({ n: 14 });
  expect(await came(client)).toEqual([14]);
  await subscribe({ where: { "/n": 0 } });
  await send({ n: 15 });
  expect(await came(client)).toEqual([]);
  await client.call("media/room/msglog_unsubscribe", { room_id: "r" });
  await send({ n: 16 });
  expect(await came(client)).toEqual([16]);
});
