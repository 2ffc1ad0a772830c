import { expect, test } from "vitest";
import { MemoryStore } from "../../packages/server/src/store/memory.ts";
import type { PageTextQuery } from "../../packages/server/src/store/store.ts";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { inRoom } from "../support/in-room.ts";
import { people } from "../support/people.ts";
import { eventsOf, type Frame, RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

const call = (client: RawClient, cmd: string, data: object = {}, room_id = "r"): Promise<Frame> =>
  client.call(`media/room/${cmd}`, { room_id, ...data });
const mark = (client: RawClient, msg_id: number, more: object = {}) =>
  call(client, "msglog_mark", { msg_id, ...more });
const marks = async (client: RawClient, more: object = {}) => (await call(client, "msglog_marks", more)).data;
const unread = async (client: RawClient, data: object = { rooms: ["r"] }) =>
  (await client.call("media/room/msglog_unread", data)).data;
const send = (client: RawClient, more: object = {}, room_id = "r") =>
  call(client, "msglog_send", { msg: {}, ...more }, room_id);
const marked = (frames: readonly Frame[]) =>
  eventsOf(frames)
    .filter(({ type }) => type === "msglog_marked")
    .map(({ body }) => body);

test("[M19] a mark is its user's, in all of his sessions, and never goes back", async () => {
  const { url, client, sendMany } = await inRoom();
  await sendMany(3);
  const [bob, bobToo] = [await RawClient.login(url, "bob"), await RawClient.login(url, "bob")];
  expect(await mark(bob, 2)).toMatchObject({ result: "ok" });
  expect(await mark(bobToo, 1)).toMatchObject({ result: "ok" });
  expect(await marks(client)).toEqual([{ user_id: "bob", msg_id: 2 }]);
  await mark(bobToo, 3);
  await mark(client, 1);
  expect(await marks(bob)).toEqual([
    { user_id: "ann", msg_id: 1 },
    { user_id: "bob", msg_id: 3 },
  ]);
  expect(await marks(bob, { limit: 1 })).toEqual([{ user_id: "ann", msg_id: 1 }]);
  expect(await marks(bob, { after: "ann" })).toEqual([{ user_id: "bob", msg_id: 3 }]);
});

test("[M19] who listens is told of a mark when it has moved, behind the answer", async () => {
  const { url, client, sendMany } = await inRoom();
  await sendMany(2);
  const bob = await RawClient.login(url, "bob");
  await call(bob, "join");
  await call(client, "join");
  await bob.settled();
  await client.settled();
  const toldOf = async (msg_id: number) => {
    await mark(bob, msg_id);
    return marked(await bob.settled());
  };
  expect(await toldOf(1)).toEqual([{ user_id: "bob", msg_id: 1 }]);
  expect(await toldOf(1)).toEqual([]);
  expect(await toldOf(2)).toEqual([{ user_id: "bob", msg_id: 2 }]);
  expect(await toldOf(1)).toEqual([]);
  expect(marked(await client.settled())).toEqual([
    { user_id: "bob", msg_id: 1 },
    { user_id: "bob", msg_id: 2 },
  ]);
});

test("[M19] a mark of what was not sent yet, of another life or of no room is refused", async () => {
  const { client, sendMany, info, reborn } = await inRoom();
  expect((await mark(client, 1)).data.code).toBe(304110);
  await sendMany(1);
  const { epoch } = await info();
  expect((await mark(client, 2)).data.code).toBe(304110);
  expect((await mark(client, 1, { epoch })).result).toBe("ok");
  await reborn();
  expect((await mark(client, 1, { epoch })).data.code).toBe(304106);
  expect(await marks(client)).toEqual([]);
  expect((await call(client, "msglog_mark", { msg_id: 1 }, "nowhere")).data.code).toBe(304001);
  expect((await call(client, "msglog_marks", {}, "nowhere")).data.code).toBe(304001);
});

test("[M19] [M20] marks and counts are the same after a restart", async () => {
  const data = dataDirectory();
  const first = await inRoom({ data });
  await first.sendMany(3);
  const bob = await RawClient.login(first.url, "bob");
  await mark(bob, 1);
  await send(first.client, { mentions: ["bob"] });
  const before = await unread(bob);
  expect(before).toMatchObject([{ room_id: "r", unread: 3, mentions: 1, mark: 1, last_id: 4 }]);
  await first.server.close();
  const again = await RawClient.login((await serverForTest({ data })).url, "bob");
  expect(await unread(again)).toEqual(before);
  expect(await marks(again)).toEqual([{ user_id: "bob", msg_id: 1 }]);
});

test("[M19] who has read everything has read what he sends; nobody is told", async () => {
  const { url, client, sendMany } = await inRoom();
  await sendMany(1);
  const bob = await RawClient.login(url, "bob");
  await mark(client, 1);
  await call(bob, "join");
  await bob.settled();
  await send(client);
  expect(marked(await bob.settled())).toEqual([]);
  expect(await unread(client)).toMatchObject([{ unread: 0, mark: 2 }]);
  await send(bob);
  await send(client);
  expect(await unread(client)).toMatchObject([{ unread: 2, mark: 2 }]);
  expect(await unread(bob)).toMatchObject([{ unread: 4, mark: 0 }]);
});

test("[M19] [R10] where marks are one's own nobody else learns of them", async () => {
  const { login } = await people({ ann: ["*"], bob: ["*"] }, { store: { kind: "memory" } });
  const [ann, bob, bobToo] = [await login("ann"), await login("bob"), await login("bob", "bob too")];
  await call(ann, "create", { class: "chat", access: { marks: "own" } });
  await send(ann);
  for (const one of [ann, bob, bobToo]) await call(one, "join");
  for (const one of [ann, bob, bobToo]) await one.settled();
  await mark(bob, 1);
  expect(marked(await ann.settled())).toEqual([]);
  expect(marked(await bobToo.settled())).toEqual([{ user_id: "bob", msg_id: 1 }]);
  expect(await marks(ann)).toEqual([]);
  expect(await marks(bob)).toEqual([{ user_id: "bob", msg_id: 1 }]);
  await call(ann, "set_access", { marks: "all" });
  expect(await marks(ann)).toEqual([{ user_id: "bob", msg_id: 1 }]);
});

test("[M19] [E9] who may not read the messages hears of no mark", async () => {
  const { login } = await people(
    { ann: ["*"], bob: ["*"], eve: ["room_read", "subscribe", "room_join"] },
    { store: { kind: "memory" } },
  );
  const [ann, bob, eve] = [await login("ann"), await login("bob"), await login("eve")];
  await call(ann, "create", { class: "chat" });
  await send(ann);
  await call(eve, "join");
  await mark(bob, 1);
  expect(marked(await eve.settled())).toEqual([]);
  for (const cmd of ["msglog_mark", "msglog_marks"])
    expect((await call(eve, cmd, { msg_id: 1 })).data.code).toBe(100030);
  expect((await eve.call("media/room/msglog_unread", {})).data.code).toBe(100030);
});

test("[M20] many rooms in one call, in their order; without rooms those with a mark, by pages", async () => {
  const { client } = await inRoom();
  for (const room_id of ["b", "a", "c"]) {
    await call(client, "create", { class: "chat" }, room_id);
    await send(client, {}, room_id);
    await send(client, {}, room_id);
    if (room_id !== "c") await call(client, "msglog_mark", { msg_id: 1 }, room_id);
  }
  const short = async (data: object) =>
    (await unread(client, data)).map(({ room_id, unread }: Frame) => [room_id, unread]);
  expect(await short({ rooms: ["c", "nowhere", "b", "r", "b"] })).toEqual([
    ["c", 2],
    ["b", 1],
    ["r", 0],
  ]);
  expect(await short({ rooms: [] })).toEqual([]);
  expect(await short({})).toEqual([
    ["a", 1],
    ["b", 1],
  ]);
  expect(await short({ limit: 1 })).toEqual([["a", 1]]);
  expect(await short({ limit: 1, after: "a" })).toEqual([["b", 1]]);
  expect(await short({ limit: 1, after: "b" })).toEqual([]);
});

test("[M20] edits and deletions do not count, nor what was dropped", async () => {
  const { url, client, sendMany, purge } = await inRoom();
  await sendMany(4);
  const bob = await RawClient.login(url, "bob");
  await mark(bob, 1);
  await call(client, "msglog_edit", { msg_id: 2, msg: {} });
  await call(client, "msglog_delete", { msg_id: 3 });
  expect(await unread(bob)).toMatchObject([{ unread: 3, mark: 1, last_id: 6 }]);
  await purge({ before: 4 });
  expect(await unread(bob)).toMatchObject([{ unread: 1, mark: 1, last_id: 6 }]);
});

test("[M20] [R6] to count what is unread is no activity of the room, with a filter neither", async () => {
  const clock = new ManualClock();
  const { url } = await serverForTest({ store: { kind: "memory" } }, { clock });
  const [ann, bob] = [
    (await RawClient.login(url, "ann")).answering(),
    (await RawClient.login(url, "bob")).answering(),
  ];
  await call(ann, "create", { class: "chat", timeout: 60 });
  await send(ann);
  clock.advance(31_000);
  await bob.settled();
  for (const more of [{}, { where: { user_id: "ann" } }])
    expect(await unread(bob, { rooms: ["r"], ...more })).toMatchObject([{ unread: 1 }]);
  clock.advance(31_000);
  await expect.poll(() => unread(bob), { timeout: 10_000 }).toEqual([]);
});

test("[M20] a room that ends while it is looked at is left out", async () => {
  const looked = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  class SlowReader extends MemoryStore {
    override async pageText(query: PageTextQuery) {
      looked.resolve();
      await goOn.promise;
      return super.pageText(query);
    }
  }
  const services = { main: { msglog: { on_destroy: "delete" } } } as const;
  const { url } = await serverForTest({ services }, { store: new SlowReader() });
  const [ann, bob] = [await RawClient.login(url, "ann"), await RawClient.login(url, "bob")];
  for (const room_id of ["r", "s"]) await call(ann, "create", { class: "chat" }, room_id);
  for (const room_id of ["r", "s"]) await send(ann, {}, room_id);
  const counted = unread(bob, { rooms: ["r", "s"], where: { user_id: "ann" } });
  await looked.promise;
  await call(ann, "destroy");
  await call(ann, "create", { class: "chat" });
  await send(ann);
  await send(ann);
  goOn.resolve();
  expect(await counted).toMatchObject([{ room_id: "s", unread: 1 }]);
});

test("[M20] [M17] unread messages that a filter means are counted, edits and deletions are not", async () => {
  const { url, client } = await inRoom({ services: { main: { msglog: { max_scan: 20 } } } });
  const bob = await RawClient.login(url, "bob");
  for (let n = 1; n <= 12; n++) await send(client, { msg: { type: n % 3 === 0 ? "poll" : "chat", n } });
  await mark(bob, 2);
  await call(client, "msglog_edit", { msg_id: 6, msg: { type: "poll", n: 60 } });
  await call(client, "msglog_edit", { msg_id: 4, msg: { type: "poll", n: 40 } });
  await call(client, "msglog_delete", { msg_id: 9 });
  const counted = async (where: object) =>
    (await unread(bob, { rooms: ["r", "none"], where })).map(({ unread }: Frame) => unread);
  expect((await unread(bob))[0]).toMatchObject({ unread: 10, mark: 2, last_id: 15 });
  expect(await counted({ type: "poll" })).toEqual([4]);
  expect(await counted({ type: "chat" })).toEqual([5]);
  expect(await counted({ "/n": { gt: 100 } })).toEqual([0]);
  expect(await unread(bob, { rooms: ["r"], where: { n: 1 } })).toMatchObject({
    code: 100044,
    field: "where",
  });
  for (let n = 0; n < 11; n++) await send(client);
  expect(await unread(bob, { rooms: ["r"], where: { type: "poll" } })).toMatchObject({
    code: 304103,
    field: "rooms",
    limit: 20,
  });
  await mark(bob, 10);
  expect(await counted({ type: "poll" })).toEqual([1]);
});

test("[M20] [R10] [R11] of a room one may not read nothing is said; of what was before one came neither", async () => {
  const { login } = await people({ ann: ["*"], bob: ["*"] }, { store: { kind: "memory" } });
  const [ann, bob] = [await login("ann"), await login("bob")];
  await call(ann, "create", { class: "chat", access: { history: "joined" } });
  await send(ann, { mentions: ["bob"] });
  expect(await unread(bob)).toMatchObject([{ unread: 0, mentions: 0, last_id: 1 }]);
  await call(bob, "join");
  await send(ann, { mentions: ["bob"] });
  await send(ann);
  expect(await unread(bob)).toMatchObject([{ unread: 2, mentions: 1 }]);
  await mark(bob, 2);
  expect(await unread(bob, {})).toMatchObject([{ unread: 1, mentions: 0 }]);
  await call(ann, "ban", { user_id: "bob" });
  expect(await unread(bob)).toEqual([]);
  expect(await unread(bob, {})).toEqual([]);
  expect((await mark(bob, 3)).data.code).toBe(304001);
});

test("[M20] [L10] rooms of a grant for some are counted, others are left out", async () => {
  const eve = [
    { right: "msglog_get", rooms: "r" },
    { right: "msglog_history", rooms: "r" },
  ];
  const { login } = await people({ ann: ["*"], eve }, { store: { kind: "memory" } });
  const [ann, reader] = [await login("ann"), await login("eve")];
  for (const room_id of ["r", "s"]) {
    await call(ann, "create", { class: "chat" }, room_id);
    await send(ann, {}, room_id);
  }
  expect(await unread(reader, { rooms: ["r", "s"] })).toMatchObject([{ room_id: "r", unread: 1 }]);
});

test("[M20] mentions stand in the message, live and read, each user once", async () => {
  const { client, get } = await inRoom();
  await call(client, "msglog_subscribe");
  await send(client, { mentions: ["bob", "eve", "bob"] });
  const due = { msg_id: 1, $log: { mentions: ["bob", "eve"] } };
  expect(eventsOf(await client.settled()).map(({ body }) => body)).toMatchObject([due]);
  expect((await get()).data).toMatchObject([due]);
  await send(client, { mentions: ["bob"], ref: 1 });
  expect((await get({ after: 1 })).data).toMatchObject([{ $log: { ref: 1, mentions: ["bob"] } }]);
  await call(client, "msglog_delete", { msg_id: 1 });
  const [deleted] = (await get({ limit: 1 })).data;
  expect(deleted.$log.mentions).toBeUndefined();
});

test("[M20] [C7] at most 50 users, and as they are called", async () => {
  const { client } = await inRoom();
  const users = Array.from({ length: 51 }, (_, i) => `user ${i}`);
  expect((await send(client, { mentions: users })).data).toMatchObject({ code: 100044 });
  expect((await send(client, { mentions: users.slice(1) })).result).toBe("ok");
  for (const mentions of [[], [""], ["*"], "bob", [7]])
    expect((await send(client, { mentions })).data).toMatchObject({ code: 100044 });
  const rooms = Array.from({ length: 1001 }, (_, i) => `room ${i}`);
  expect((await client.call("media/room/msglog_unread", { rooms })).data).toMatchObject({ code: 100044 });
});
