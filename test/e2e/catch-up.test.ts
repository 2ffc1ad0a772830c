import { definePlugin, RequestError } from "roomlog/plugin";
import { expect, test } from "vitest";
import { hashPassword } from "../../packages/server/src/auth/users.ts";
import { idsOf, inRoom, roomCalls } from "../support/in-room.ts";
import { eventsOf, type Frame, RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";

const E2 = { class: "media", subclass: "room", obj_id: "r" };
/** The ids of the messages that have come so far. */
const seen = (client: RawClient) => idsOf(client.texts.map((text) => JSON.parse(text)));
const types = (frames: readonly Frame[]) => eventsOf(frames).map(({ type, body }) => body.msg_id ?? type);

test("[M10] first the stored messages behind `after`, then the live ones", async () => {
  const { url, info, sendMany } = await inRoom();
  await sendMany(5);
  const bob = await RawClient.login(url, "bob");
  const { subscribe, send } = roomCalls(bob);
  const { epoch } = await info();
  expect((await subscribe({ after: 2 })).data).toEqual({ epoch, first_id: 1, last_id: 5, recovered: true });
  await send({ n: 6 });
  await expect.poll(() => seen(bob)).toEqual([3, 4, 5, 6]);
  const frames = bob.texts.map((text) => JSON.parse(text)).filter(({ cmd }) => cmd === "event");
  expect(frames[0].data).toEqual({
    class: "media",
    subclass: "room",
    type: "msglog_new_msg",
    obj_id: "r",
    body: { n: 3, msg_id: 3, user_id: "ann", session_id: "s1", timestmap: expect.any(Number) },
  });
});

test("[M10] without `after` it begins now", async () => {
  const { client, subscribe, send } = await inRoom();
  expect((await subscribe()).data).toMatchObject({ first_id: 1, last_id: 0, recovered: true });
  await send({});
  const bob = roomCalls(client);
  expect((await bob.subscribe()).data).toMatchObject({ last_id: 1, recovered: true });
  await send({});
  await client.settled();
  expect(seen(client)).toEqual([1, 2]);
});

test("[M10] its ok answer precedes the first message", async () => {
  const { client, sendMany } = await inRoom();
  await sendMany(3);
  client.send({
    class: "media",
    subclass: "room",
    cmd: "msglog_subscribe",
    data: { room_id: "r", after: 0 },
    tid: 1,
  });
  await expect.poll(() => seen(client)).toEqual([1, 2, 3]);
  const frames = client.texts.map((text) => JSON.parse(text));
  expect(frames.findIndex(({ tid, result }) => tid === 1 && result === "ok")).toBe(frames.length - 4);
});

test("[M10] a cursor moves backwards, and what was delivered comes again", async () => {
  const { client, subscribe, sendMany } = await inRoom();
  await client.call("core/event/subscribe", E2);
  await sendMany(3);
  await subscribe({ after: 1 });
  await expect.poll(() => seen(client)).toEqual([1, 2, 3, 2, 3]);
});

test("[M10] `after` beyond the log is 304104, and nothing changes", async () => {
  const { url, client, subscribe, send, sendMany } = await inRoom();
  await sendMany(2);
  const bob = await RawClient.login(url, "bob");
  await bob.call("core/event/subscribe", E2);
  expect((await roomCalls(bob).subscribe({ after: 3 })).data.code).toBe(304104);
  expect((await subscribe({ after: 3 })).data).toMatchObject({ code: 304104, field: "after", limit: 2 });
  await send({});
  expect(idsOf(await client.settled())).toEqual([]);
  expect((await subscribe({ after: 3 })).data).toMatchObject({ recovered: true });
  await expect.poll(() => seen(bob)).toEqual([3]);
});

test("[M10] without `after` a cursor that is there stays where it stands", async () => {
  const { url, sendMany } = await inRoom({ limits: { window: 2 } });
  const bob = await RawClient.login(url, "bob");
  await bob.call("core/event/subscribe", E2);
  await sendMany(6);
  expect((await roomCalls(bob).subscribe()).data).toMatchObject({ last_id: 6, recovered: true });
  bob.answering();
  await expect.poll(() => seen(bob)).toEqual([1, 2, 3, 4, 5, 6]);
});

test("[M10] an `after` of another life begins at first_id and says so", async () => {
  const { client, subscribe, info, sendMany, reborn } = await inRoom();
  await sendMany(3);
  const { epoch } = await info();
  await reborn();
  await sendMany(2);
  expect((await subscribe({ after: 3, epoch })).data).toMatchObject({
    first_id: 1,
    last_id: 2,
    recovered: false,
  });
  await expect.poll(() => seen(client)).toEqual([1, 2]);
});

test("[M10] no such room: 304001", async () => {
  const { client } = await inRoom();
  expect((await client.call("media/room/msglog_subscribe", { room_id: "none" })).data.code).toBe(304001);
});

test("[M10] a message reaches a connection once, by its cursor and its subscriptions together", async () => {
  const { client, subscribe, send } = await inRoom();
  await client.call("core/event/subscribe", { ...E2, body: { own: 1 } });
  await client.call("core/event/subscribe", { class: "media" });
  await subscribe();
  await send({ n: 1 });
  await client.settled();
  const events = eventsOf(client.texts.map((text) => JSON.parse(text)));
  expect(events.map(({ body }) => body)).toEqual([expect.objectContaining({ own: 1, n: 1, msg_id: 1 })]);
});

test("[M10, E3] stored messages carry the bodies of the subscriptions that match them", async () => {
  const { client, subscribe, send } = await inRoom();
  await send({ n: 1 });
  client.send(
    `{"class":"core","subclass":"event","cmd":"subscribe","tid":1,"data":{"class":"media","obj_id":"r","body":{"big":12345678901234567890,"n":0}}}`,
  );
  await subscribe({ after: 0 });
  await expect
    .poll(() => client.texts.at(-1))
    .toContain('"body":{"big":12345678901234567890,"n":1,"msg_id":1,');
});

test("[M10] msglog_unsubscribe ends the cursor and leaves subscriptions as they are", async () => {
  const { url, client, subscribe, send } = await inRoom();
  const bob = await RawClient.login(url, "bob");
  await roomCalls(bob).subscribe();
  await bob.call("core/event/subscribe", { class: "media", subclass: "room", type: "msglog_new_msg" });
  await subscribe();
  for (const one of [client, bob]) {
    expect(await one.call("media/room/msglog_unsubscribe", { room_id: "r" })).toMatchObject({ result: "ok" });
    expect(await one.call("media/room/msglog_unsubscribe", { room_id: "r" })).toMatchObject({ result: "ok" });
  }
  await send({});
  expect(idsOf(await client.settled())).toEqual([]);
  expect(idsOf(await bob.settled())).toEqual([1]);
});

test("[M10, E5] a cursor counts as a subscription but is not listed, and core/event/unsubscribe does not end it", async () => {
  const { client, subscribe, send } = await inRoom({ limits: { subscriptions: 4 } });
  const before = (await client.call("core/event/get_subscriptions")).data;
  expect(await subscribe()).toMatchObject({ result: "ok" });
  expect((await client.call("core/event/get_subscriptions")).data).toEqual(before);
  await client.call("core/event/unsubscribe", E2);
  await client.call("core/event/subscribe", { class: "x" });
  await client.call("media/room/create", { class: "chat", room_id: "other" });
  const other = await client.call("media/room/msglog_subscribe", { room_id: "other" });
  expect(other.data).toMatchObject({ code: 100050, limit: 4 });
  expect(await subscribe({ after: 0 })).toMatchObject({ result: "ok" });
  await send({});
  expect(idsOf(await client.settled())).toEqual([1]);
});

test("[M10, M12] a cursor outlives its room: destroyed, then the next life from 1", async () => {
  const { client, subscribe, sendMany, reborn } = await inRoom();
  await subscribe();
  await sendMany(2);
  await reborn();
  await sendMany(1);
  await client.settled();
  expect(types(client.texts.map((text) => JSON.parse(text)))).toEqual([1, 2, "destroyed", 1]);
});

test("[R4, M10] join with `after` goes on from there, and leave ends it", async () => {
  const { url, send, sendMany, info } = await inRoom();
  await sendMany(4);
  const bob = await RawClient.login(url, "bob", "b1");
  const { epoch } = await info();
  const { data } = await bob.call("media/room/join", { room_id: "r", after: 2, epoch });
  expect(data).toEqual({
    members: { b1: { user_id: "bob", role: "member" } },
    epoch,
    first_id: 1,
    last_id: 4,
    recovered: true,
  });
  await send({});
  await expect.poll(() => seen(bob)).toEqual([3, 4, 5]);
  expect(bob.texts.filter((text) => text.includes('"started_member"'))).toHaveLength(1);
  await bob.call("media/room/leave", { room_id: "r" });
  await send({});
  expect(idsOf(await bob.settled())).toEqual([]);
});

test("[R4, M10] a join that asks for what is not there yet does not join", async () => {
  const { client, info } = await inRoom();
  const { last_id } = await info();
  const join = { room_id: "r", after: last_id + 1 };
  expect((await client.call("media/room/join", join)).data.code).toBe(304104);
  expect((await client.call("media/room/get_info", { room_id: "r" })).data.members).toEqual({});
});

test("[M10] under load the seam between stored and live has neither hole nor repeat", async () => {
  const { url, sendMany } = await inRoom();
  await sendMany(20);
  const writer = roomCalls(await RawClient.login(url, "writer"));
  const readers = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => (await RawClient.login(url, `reader ${i}`)).answering()),
  );
  const writing = writer.sendMany(200);
  const starts = readers.map(async (reader, i) => {
    await reader.call("core/event/subscribe", i % 2 === 0 ? E2 : { class: "other" });
    for (let n = 0; n < i; n++) await reader.call("core/core/ping");
    return (await roomCalls(reader).subscribe({ after: i })).data;
  });
  for (const { recovered } of await Promise.all(starts)) expect(recovered).toBe(true);
  await writing;
  for (const [i, reader] of readers.entries()) {
    await expect.poll(() => seen(reader).at(-1)).toBe(220);
    const ids = seen(reader);
    const resumed = ids.slice(ids.lastIndexOf(i + 1));
    expect(resumed).toEqual(Array.from({ length: 220 - i }, (_, n) => i + 1 + n));
  }
});

test("[M10, M12] a cursor that is set in a new life gets nothing of the earlier one any more", async () => {
  const { url, sendMany, reborn, info } = await inRoom({ limits: { window: 2 } });
  const bob = await RawClient.login(url, "bob");
  await roomCalls(bob).subscribe();
  await sendMany(5);
  await reborn();
  await sendMany(3);
  const { epoch } = await info();
  expect((await roomCalls(bob).subscribe({ after: 1 })).data).toMatchObject({ epoch, last_id: 3 });
  bob.answering();
  await expect.poll(() => types(bob.texts.map((text) => JSON.parse(text)))).toEqual([1, 2, 2, 3]);
  await sendMany(1);
  await expect.poll(() => types(bob.texts.map((text) => JSON.parse(text)))).toEqual([1, 2, 2, 3, 4]);
});

/** A plugin that refuses who joins, before or after the others have let him in. */
const doorkeeper = (name: string, when: "before" | "after") =>
  definePlugin({
    name,
    setup: () => ({
      hooks: {
        "room.join": async (join, next) => {
          if (when === "before") throw new RequestError(100030);
          await next(join);
          throw new RequestError(100030);
        },
      },
    }),
  });

test.for(["before", "after"] as const)(
  "[R4, M10] a join that is refused %s the others is no standstill",
  async (when) => {
    const plugins = ["core", "room", ...(when === "before" ? ["door", "msglog"] : ["msglog", "door"])];
    const services = { main: { plugins } };
    const { url, sendMany, send } = await inRoom({ services }, { plugins: [doorkeeper("door", when)] });
    await sendMany(2);
    const bob = (await RawClient.login(url, "bob")).answering();
    await bob.call("core/event/subscribe", E2);
    expect((await bob.call("media/room/join", { room_id: "r", after: 0 })).data.code).toBe(100030);
    await send({});
    await expect.poll(() => seen(bob).at(-1)).toBe(3);
    if (when === "before") expect(seen(bob)).toEqual([3]);
  },
);

test("[R4, L8] a join with `after` needs the right to read the log", async () => {
  const users = [
    { name: "ann", password: await hashPassword("secret") },
    { name: "bob", password: await hashPassword("secret"), rights: ["room_join"] },
  ];
  const { url } = await serverForTest({ users });
  const [ann, bob] = [await RawClient.connect(url), await RawClient.connect(url)];
  await ann.call("core/user/login", { user: "ann", password: "secret" });
  await bob.call("core/user/login", { user: "bob", password: "secret" });
  await ann.call("media/room/create", { class: "chat", room_id: "r" });
  await roomCalls(ann).send({});
  expect((await bob.call("media/room/join", { room_id: "r", after: 0 })).data.code).toBe(100030);
  expect((await bob.call("media/room/join", { room_id: "r" })).data).toMatchObject({ last_id: 1 });
  expect((await roomCalls(bob).purge({ before: 2 })).data.code).toBe(100030);
});
