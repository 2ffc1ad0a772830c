import { expect, test } from "vitest";
import { idsOf, inRoom, roomCalls } from "../support/in-room.ts";
import { eventsOf, RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";
import { SlowStore } from "../support/slow-store.ts";

test("[M9] a second send of the same name stores nothing, fires nothing and answers the first id", async () => {
  const { client, send, get } = await inRoom();
  await client.call("core/event/subscribe", { class: "media" });
  const named = { client_msg_id: "c1" };
  expect((await send({ n: 1 }, named)).data).toEqual({ msg_id: 1 });
  expect((await send({ other: "text" }, named)).data).toEqual({ msg_id: 1, duplicate: true });
  expect((await send({ n: 2 }, { client_msg_id: "c2" })).data).toEqual({ msg_id: 2 });
  expect((await send({ n: 1 }, named)).data).toEqual({ msg_id: 1, duplicate: true });
  expect((await get()).data).toMatchObject([
    { n: 1, msg_id: 1 },
    { n: 2, msg_id: 2 },
  ]);
  await client.settled();
  const events = client.texts.map((text) => JSON.parse(text)).filter(({ cmd }) => cmd === "event");
  expect(idsOf(events)).toEqual([1, 2]);
});

test("[M9] also while the first is in flight", async () => {
  const store = new SlowStore();
  const { client, get } = await inRoom({}, { store });
  store.hold();
  const data = { room_id: "r", msg: {}, client_msg_id: "c1" };
  for (const tid of [1, 2]) client.send({ class: "media", subclass: "room", cmd: "msglog_send", data, tid });
  await store.held;
  for (const tid of [3]) client.send({ class: "media", subclass: "room", cmd: "msglog_send", data, tid });
  store.release();
  const answers = [await client.next(), await client.next(), await client.next()];
  const duplicate = { msg_id: 1, duplicate: true };
  expect(answers.map(({ data: { msg_id, ...more }, tid }) => [tid, { msg_id, ...more }])).toEqual([
    [1, { msg_id: 1 }],
    [2, duplicate],
    [3, duplicate],
  ]);
  expect(idsOf((await get()).data)).toEqual([1]);
});

test("[M9] a name belongs to its user and to one life of its room", async () => {
  const { url, client, send, reborn } = await inRoom();
  const named = { client_msg_id: "c1" };
  await send({}, named);
  const bob = roomCalls(await RawClient.login(url, "bob"));
  expect((await bob.send({}, named)).data).toEqual({ msg_id: 2 });
  const again = roomCalls(await RawClient.login(url, "ann", "another session"));
  expect((await again.send({}, named)).data).toEqual({ msg_id: 1, duplicate: true });
  await client.call("media/room/create", { class: "chat", room_id: "other" });
  const other = { room_id: "other", msg: {}, ...named };
  expect((await client.call("media/room/msglog_send", other)).data).toEqual({ msg_id: 1 });
  await reborn();
  expect((await send({}, named)).data).toEqual({ msg_id: 1 });
});

test("[M9] names outlive a restart", async () => {
  const data = dataDirectory();
  const first = await inRoom({ data });
  await first.send({}, { client_msg_id: "c1" });
  await first.send({}, { client_msg_id: "c2" });
  await first.server.close();
  const { url } = await serverForTest({ data });
  const { send } = roomCalls(await RawClient.login(url, "ann"));
  expect((await send({}, { client_msg_id: "c2" })).data).toEqual({ msg_id: 2, duplicate: true });
  expect((await send({}, { client_msg_id: "c3" })).data).toEqual({ msg_id: 3 });
});

test("[M9] a send for another life of the room stores nothing: 304106", async () => {
  const { send, info, get, reborn } = await inRoom();
  const { epoch } = await info();
  expect((await send({}, { epoch })).data).toEqual({ msg_id: 1 });
  await reborn();
  expect((await send({}, { epoch, client_msg_id: "c1" })).data).toMatchObject({ code: 304106 });
  expect((await send({}, { epoch: "none" })).data).toMatchObject({ code: 304106 });
  expect((await get()).data).toEqual([]);
  expect((await send({}, { client_msg_id: "c1" })).data).toEqual({ msg_id: 1 });
});

test.for([[""], [5], [null], ["x".repeat(129)], ["\ud800"]])(
  "[M9] client_msg_id %j is a syntax error",
  async ([client_msg_id]) => {
    const { send } = await inRoom({ store: { kind: "memory" } });
    expect((await send({}, { client_msg_id })).data).toMatchObject({ code: 100044, field: "client_msg_id" });
  },
);

test.for([["x".repeat(128)], ["😀".repeat(128)], ["a\u0000b"], ["*"]])(
  "[M9] client_msg_id %j is a name",
  async ([client_msg_id]) => {
    const { send } = await inRoom();
    expect((await send({}, { client_msg_id })).data).toEqual({ msg_id: 1 });
    expect((await send({}, { client_msg_id })).data).toEqual({ msg_id: 1, duplicate: true });
    expect((await send({}, { client_msg_id: "a" })).data).toEqual({ msg_id: 2 });
  },
);

test("[M9, E7] the answer to a repeat keeps its place among the answers", async () => {
  const { client } = await inRoom();
  await client.call("core/event/subscribe", { class: "media" });
  const send = (tid: number, client_msg_id: string) =>
    client.send({
      class: "media",
      subclass: "room",
      cmd: "msglog_send",
      data: { room_id: "r", msg: {}, client_msg_id },
      tid,
    });
  for (const [i, name] of ["a", "b", "a", "c"].entries()) send(i, name);
  const frames = await client.settled();
  expect(frames.filter(({ result }) => result).map(({ tid }) => tid)).toEqual([0, 1, 2, 3]);
  expect(eventsOf(frames)).toHaveLength(3);
});
