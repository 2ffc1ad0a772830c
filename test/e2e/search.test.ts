import { expect, test } from "vitest";
import { all, clientFor, ids } from "../support/client.ts";
import { httpClient, httpOf, httpServer, linkTo } from "../support/http.ts";
import { idsOf, inRoom, roomCalls } from "../support/in-room.ts";
import { people } from "../support/people.ts";
import { RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

const memory = { store: { kind: "memory" } } as const;
const TEXTS = [
  "rock and roll",
  "a rocket",
  "Rock!",
  "no stone",
  "rock rock rock",
  { deep: [{ er: "the rock" }] },
];

/** Many sends at once, which share commits. */
async function sendAll(client: RawClient, messages: readonly object[]) {
  for (const [tid, msg] of messages.entries())
    client.send({ class: "media", subclass: "room", cmd: "msglog_send", data: { room_id: "r", msg }, tid });
  await client.until(({ tid }) => tid === messages.length - 1);
}

async function rocks(config = {}) {
  const room = await inRoom(config);
  for (const text of TEXTS) await room.send({ text });
  const found = async (query: object) => idsOf((await room.get(query)).data);
  return { ...room, found };
}

test.for<[object, number[]]>([
  [{ search: "rock" }, [6, 5, 3, 1]],
  [{ search: "rock*", order: "asc" }, [1, 2, 3, 5, 6]],
  [{ search: '"rock and"' }, [1]],
  [{ search: "roll rock" }, [1]],
  [{ search: "rock", after: 1, before: 6, limit: 1 }, [5]],
  [{ search: "rock", user_id: "bob" }, []],
  [{ search: "rock", session_id: "s1", order: "asc", limit: 2 }, [1, 3]],
  [{ search: "rock", order: "rank" }, [5, 3, 6, 1]],
  [{ search: "rock", order: "rank", rank_after: 3, limit: 1 }, [6]],
  [{ search: "rock", around: 4, limit: 2 }, [5, 3]],
  [{ around: 4, limit: 3 }, [3, 4, 5]],
  [{ around: 6 }, [1, 2, 3, 4, 5, 6]],
])("[M18] %j", async ([query, expected]) => {
  const { found } = await rocks(memory);
  expect(await found(query)).toEqual(expected);
});

test("[M18] around is a page of 50 unless limit says otherwise", async () => {
  const room = await inRoom(memory);
  await sendAll(room.client, Array(100).fill({}));
  expect(idsOf((await room.get({ around: 60 })).data)).toEqual(Array.from({ length: 50 }, (_, i) => 35 + i));
});

test.for<[object, object]>([
  [{ search: "" }, { code: 100044, field: "search", reason: "there is no word in it" }],
  [{ search: "!? …" }, { code: 100044, field: "search", reason: "there is no word in it" }],
  [{ search: "x".repeat(257) }, { code: 100044, field: "search", limit: 256 }],
  [{ search: "x ".repeat(65) }, { code: 100044, field: "search", limit: 64 }],
  [{ search: "a* b* c* d* e* f* g* h* i*" }, { code: 100044, field: "search", limit: 8 }],
  [{ search: 7 }, { code: 100044 }],
  [{ search: "rock", order: "best" }, { code: 100044 }],
  [{ order: "rank" }, { code: 100044, field: "order", reason: "rank is an order of what a search finds" }],
  [
    { search: "rock", rank_after: 1 },
    { code: 100044, field: "rank_after", reason: "it goes with the order rank alone" },
  ],
  [
    { search: "rock", order: "rank", around: 1 },
    { code: 100044, field: "around", reason: "it does not go with the order rank" },
  ],
  [{ search: "rock", order: "rank", rank_after: 4 }, { code: 304110 }],
  [{ search: "rock", order: "rank", rank_after: 7 }, { code: 304110 }],
  [{ around: 0 }, { code: 304110, error: "Message not found" }],
  [{ around: 7 }, { code: 304110 }],
  [{ search: "rock", room_id: "none" }, { code: 304001 }],
  [{ around: 0, room_id: "none" }, { code: 304001 }],
])("[M18] %j is refused", async ([query, error]) => {
  const { get } = await rocks(memory);
  expect(await get(query)).toMatchObject({ result: "error", data: error });
});

test("[M18, M8] around with where: [] when there is none, 304103 when there may be some further away", async () => {
  const { server, get, send } = await inRoom({ ...memory, services: { main: { msglog: { max_scan: 3 } } } });
  for (let n = 1; n <= 9; n++) await send({ n });
  const around = (id: number, n: number) => get({ around: id, where: { "/n": n } });
  expect(idsOf((await around(4, 2)).data)).toEqual([2]);
  const far = { result: "error", data: { code: 304103, field: "around", limit: 3 } };
  expect(await around(5, 1)).toMatchObject(far);
  expect(await around(1, 9)).toMatchObject(far);
  expect((await get({ around: 3, where: { "/n": 9 }, before: 6 })).data).toEqual([]);
  const where = encodeURIComponent('{"/n":1}');
  const page = await httpClient(httpOf(server.url)).get(`/v1/rooms/r/messages?around=5&where=${where}`);
  expect([page.status, page.body]).toMatchObject([400, far.data]);
});

test("[M18] [M15] what was edited is found by its new words, what was deleted by none", async () => {
  const { client, found } = await rocks(memory);
  const change = (cmd: string, data: object) => client.call(`media/room/${cmd}`, { room_id: "r", ...data });
  await change("msglog_edit", { msg_id: 1, msg: { text: "paper" } });
  await change("msglog_delete", { msg_id: 5, reason: "rock" });
  expect(await found({ search: "rock" })).toEqual([6, 3]);
  expect(await found({ search: "paper" })).toEqual([1]);
});

test("[M18] on the disk, across chunks of the index, a purge and a restart", async () => {
  const config = { data: dataDirectory(), limits: { ping_seconds: 0 } };
  const server = await serverForTest(config);
  const client = await RawClient.login(server.url, "ann");
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  const { get, purge } = roomCalls(client);
  await sendAll(
    client,
    Array.from({ length: 600 }, (_, i) => ({ text: `word w${i + 1}` })),
  );
  for (const id of [1, 256, 257, 512, 513, 600])
    expect(idsOf((await get({ search: `w${id} word` })).data)).toEqual([id]);
  expect((await get({ search: "word" })).data).toHaveLength(600);
  await purge({ before: 300 });
  expect((await get({ search: "word", limit: 1000 })).data).toHaveLength(301);
  expect(idsOf((await get({ search: "w299" })).data)).toEqual([]);
  await server.close();
  const again = await serverForTest(config);
  const room = roomCalls(await RawClient.login(again.url, "ann"));
  expect(idsOf((await room.get({ search: "w300" })).data)).toEqual([300]);
  expect((await room.get({ search: "word", limit: 1000 })).data).toHaveLength(301);
});

test("[M18] [S4] msglog.search switched off: 304113; on again: what came meanwhile is found too", async () => {
  let search = true;
  const config = () => ({
    port: 0,
    data,
    limits: { ping_seconds: 0 },
    services: { main: { msglog: { search } } },
  });
  const data = dataDirectory();
  const server = await serverForTest(config(), { loadConfig: config });
  const client = await RawClient.login(server.url, "ann");
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  const { send, get } = roomCalls(client);
  await send({ text: "rock" });
  search = false;
  expect(await server.reload()).toEqual([]);
  expect(await get({ search: "rock" })).toMatchObject({ data: { code: 304113, error: "Search is off" } });
  await sendAll(client, Array(5000).fill({ text: "rock" }));
  expect(idsOf((await get({ around: 2, limit: 3 })).data)).toEqual([1, 2, 3]);
  search = true;
  await server.reload();
  await expect
    .poll(async () => (await get({ search: "rock", limit: 1000, before: 1000 })).data.length, {
      timeout: 15_000,
    })
    .toBe(999);
  await expect
    .poll(async () => (await get({ search: "rock", order: "asc" })).data.length, { timeout: 15_000 })
    .toBe(5001);
});

test("[M18] [R11] nobody finds what he may not read, and his place among it is not there", async () => {
  const newcomer = ["room_join", "room_read", "msglog_get", "subscribe"];
  const { login } = await people({ ann: ["*"], bob: newcomer }, memory);
  const as = async (user: string) => {
    const client = await login(user);
    return { client, ...roomCalls(client) };
  };
  const [ann, bob] = [await as("ann"), await as("bob")];
  await ann.client.call("media/room/create", { class: "chat", room_id: "r" });
  await ann.send({ text: "secret rock" });
  await bob.client.call("media/room/join", { room_id: "r" });
  await ann.send({ text: "rock" });
  expect(idsOf((await bob.get({ search: "rock" })).data)).toEqual([2]);
  expect((await bob.get({ search: "secret" })).data).toEqual([]);
  expect((await bob.get({ search: "secret", order: "rank" })).data).toEqual([]);
  expect(await bob.get({ around: 1 })).toMatchObject({ data: { code: 304110 } });
  expect(await bob.get({ search: "rock", order: "rank", rank_after: 1 })).toMatchObject({
    data: { code: 304110 },
  });
  expect(idsOf((await bob.get({ around: 2 })).data)).toEqual([2]);
  expect(idsOf((await ann.get({ search: "rock" })).data)).toEqual([2, 1]);
});

test("[M18] [M17] what a right's filter hides is no place in the log either, and no search tells what is in it", async () => {
  const open = { right: "msglog_get", rooms: "r", where: { "/open": true } } as const;
  const { login } = await people({ ann: ["*"], eve: ["msglog_history", open] }, memory);
  const ann = await login("ann");
  await ann.call("media/room/create", { class: "chat", room_id: "r" });
  const { send } = roomCalls(ann);
  await send({ text: "rock rock", open: true });
  await send({ text: "secret rock" });
  await send({ text: "rock", open: true });
  const eve = roomCalls(await login("eve"));
  const behind = (rank_after: number, more: object = {}) =>
    eve.get({ search: "rock", order: "rank", rank_after, ...more });
  expect(idsOf((await behind(1)).data)).toEqual([3]);
  expect(idsOf((await eve.get({ around: 3 })).data)).toEqual([1, 3]);
  const notThere = { data: { code: 304110 } };
  expect(await behind(2)).toMatchObject(notThere);
  expect(await behind(2, { search: "secret" })).toMatchObject(notThere);
  expect(await behind(3, { where: { "/text": "rock rock" } })).toMatchObject(notThere);
  expect(await eve.get({ around: 2 })).toMatchObject(notThere);
  expect(idsOf((await eve.get({ around: 1, where: { "/text": "rock" } })).data)).toEqual([3]);
});

test("[M18] [H5] pages of a search follow one another by links, also by rank", async () => {
  const { command, post, get } = await httpServer(memory);
  await command("media/room/create", { class: "chat", room_id: "r" });
  for (let n = 1; n <= 5; n++)
    await post("/v1/rooms/r/messages", { text: `rock${n % 2 ? "" : " and more"}` });
  const follow = async (path: string) => {
    const found: number[][] = [];
    for (let to: string | undefined = path; to !== undefined; ) {
      const page = await get(to);
      found.push(idsOf(page.body as never));
      to = linkTo("next", page.headers);
    }
    return found;
  };
  expect(await follow("/v1/rooms/r/messages?search=rock&limit=2")).toEqual([[5, 4], [3, 2], [1], []]);
  expect(await follow("/v1/rooms/r/messages?search=rock&limit=2&order=asc")).toEqual([
    [1, 2],
    [3, 4],
    [5],
    [],
  ]);
  expect(await follow("/v1/rooms/r/messages?search=rock&limit=2&order=rank")).toEqual([
    [5, 3],
    [1, 4],
    [2],
    [],
  ]);
  const around = await get("/v1/rooms/r/messages?around=3&limit=3");
  expect(idsOf(around.body as never)).toEqual([2, 3, 4]);
  expect(await follow(linkTo("next", around.headers) as string)).toEqual([[5], []]);
  expect(idsOf((await get(linkTo("prev", around.headers) as string)).body as never)).toEqual([1]);
  expect((await get("/v1/rooms/r/messages?around=9")).status).toBe(404);
  expect((await get("/v1/rooms/r/messages?search=%21")).status).toBe(400);
});

test("[M18] the client reads all that a search finds, page by page, and one page around a message", async () => {
  const { url } = await rocks(memory);
  const room = await (await clientFor(url)).join("r");
  await Promise.all(Array.from({ length: 450 }, () => room.send({ text: "stones" })));
  expect(ids(await all(room.history({ search: "rock" })))).toEqual([6, 5, 3, 1]);
  expect(ids(await all(room.history({ search: "stone*", limit: 3 })))).toEqual([456, 455, 454]);
  expect(ids(await all(room.history({ search: "stones" })))).toHaveLength(450);
  const best = ids(await all(room.history({ search: "stone*", order: "rank" })));
  expect([...best].sort((a, b) => a - b)).toEqual([4, ...Array.from({ length: 450 }, (_, i) => i + 7)]);
  expect(ids(await all(room.history({ around: 4, limit: 3 })))).toEqual([3, 4, 5]);
});
