import { Connection } from "@roomlog/client";
import { expect, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { inRoom } from "../support/in-room.ts";
import { eventsOf, RawClient } from "../support/raw-client.ts";
import { SlowStore } from "../support/slow-store.ts";

const SEND = { class: "media", subclass: "room", cmd: "msglog_send" };

test("[M1] any JSON object is a message, and the answer is its id", async () => {
  const { send } = await inRoom();
  for (const [i, msg] of [{}, { text: "hello" }, { a: [1, { b: null }] }, { "": "" }].entries()) {
    expect(await send(msg)).toMatchObject({ result: "ok", data: { msg_id: i + 1 } });
  }
});

test.for([["text"], [5], [null], [true], [[]], [[{}]]])("[M1] msg %j is a syntax error", async ([msg]) => {
  const { send, get } = await inRoom({ store: { kind: "memory" } });
  expect(await send(msg)).toMatchObject({ data: { code: 100044, error: "Syntax error: msg", field: "msg" } });
  expect(await get()).toMatchObject({ data: [] });
});

test("[M2] the stored message is msg plus the server's fields", async () => {
  const clock = new ManualClock();
  const { send, get } = await inRoom({}, { clock });
  clock.wallNow = 1_471_359_589_983_069;
  await send({ key1: "val1" });
  expect((await get()).data).toEqual([
    { key1: "val1", msg_id: 1, user_id: "ann", session_id: "s1", timestmap: 1_471_359_589_983_069 },
  ]);
});

test.for([
  `{"msg_id":77,"user_id":"evil","session_id":"x","timestmap":0,"$log":{"edited":true},"own":1}`,
  `{"own":1,"msg_id":77,"msg_id":78}`,
  `{"msg\\u005fid":77,"own":1,"\\u0024log":1,"user_\\u0069d":"evil","\\u0074imestmap":[]}`,
  `{ "msg_id" : {"msg_id":1} , "own" : 1 , "user_id" : "}" }`,
])("[M2] a client's own values under the server's names never survive: %s", async (msg) => {
  const { client, get } = await inRoom();
  await client.call("core/event/subscribe", { class: "media" });
  client.send(
    `{"class":"media","subclass":"room","cmd":"msglog_send","data":{"room_id":"r","msg":${msg}},"tid":1}`,
  );
  const event = await client.until(({ cmd }) => cmd === "event");
  const [message] = (await get()).data;
  expect(message).toEqual({
    own: 1,
    msg_id: 1,
    user_id: "ann",
    session_id: "s1",
    timestmap: expect.any(Number),
  });
  expect(event.data.body).toEqual(message);
  for (const text of client.texts.slice(-2)) {
    expect(text).not.toMatch(/evil|\$log|u005f|: ?7[78]\b/);
    expect(text.match(/"msg_id"/g)).toHaveLength(1);
  }
});

test("[M2] below the top level every name is the client's", async () => {
  const { send, get } = await inRoom();
  await send({ nested: { msg_id: 77, $log: 1 } });
  expect((await get()).data[0].nested).toEqual({ msg_id: 77, $log: 1 });
});

test("[M2] a service may call the time timestamp", async () => {
  const { send, get } = await inRoom({ services: { main: { msglog: { time_field: "timestamp" } } } });
  await send({ timestamp: "evil", timestmap: "mine", $log: 1 });
  expect((await get()).data).toEqual([
    { timestmap: "mine", msg_id: 1, user_id: "ann", session_id: "s1", timestamp: expect.any(Number) },
  ]);
});

test("[M3] ids are 1, 2, 3 … per room, also from many senders at once", async () => {
  const { url, client } = await inRoom();
  await client.call("media/room/create", { class: "chat", room_id: "other" });
  const senders = await Promise.all(Array.from({ length: 8 }, () => Connection.connect(url)));
  for (const sender of senders) await sender.call("core/user/login", { user: "bob" });
  const sends = senders.flatMap((sender, s) =>
    Array.from({ length: 25 }, (_, i) => {
      const room_id = (s + i) % 2 ? "r" : "other";
      return sender.call("media/room/msglog_send", { room_id, msg: {} });
    }),
  );
  await Promise.all(sends);
  await Promise.all(senders.map((sender) => sender.close()));
  for (const room_id of ["r", "other"]) {
    const { data } = await client.call("media/room/msglog_get", { room_id });
    expect(data.map(({ msg_id }: { msg_id: number }) => msg_id)).toEqual(
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
  }
});

test("[M3] timestmap never decreases, also when the clock is set back", async () => {
  const clock = new ManualClock();
  const { send, get } = await inRoom({}, { clock });
  for (const wall of [5000, 4000, 6000, 1]) {
    clock.wallNow = wall;
    await send({});
  }
  expect((await get()).data.map(({ timestmap }: { timestmap: number }) => timestmap)).toEqual([
    5000, 5000, 6000, 6000,
  ]);
});

test("[M4] neither the answer nor the event is sent before the message is durable", async () => {
  const store = new SlowStore();
  const { client, url } = await inRoom({}, { store });
  const listener = await RawClient.login(url);
  await listener.call("core/event/subscribe", { class: "media" });
  store.hold();
  client.send({ ...SEND, data: { room_id: "r", msg: {} }, tid: "send" });
  await store.held;
  expect(eventsOf(await listener.settled())).toEqual([]);
  expect(client.texts.join()).not.toContain('"send"');
  store.release();
  expect(await client.next()).toMatchObject({ data: { msg_id: 1 }, tid: "send" });
  expect((await listener.next()).data).toMatchObject({ type: "msglog_new_msg" });
});

test("[M4] an error answer means that nothing was stored", async () => {
  const { client, send, get } = await inRoom();
  expect(await send("text")).toMatchObject({ result: "error" });
  expect(await send({ text: "x".repeat(65_536) })).toMatchObject({ data: { code: 304101 } });
  expect(await client.call("media/room/msglog_send", { room_id: "none", msg: {} })).toMatchObject({
    data: { code: 304001 },
  });
  expect(await get()).toMatchObject({ data: [] });
});

test("[M4] when the store fails the outcome is unknown: 304105, then 1011", async () => {
  const store = new FailingStore();
  const { client, url, send } = await inRoom({}, { store });
  const listener = await RawClient.login(url);
  await listener.call("core/event/subscribe", { class: "media" });
  store.fail = true;
  expect(await send({})).toMatchObject({ data: { code: 304105, error: "Log not available" } });
  expect(await client.closed).toMatchObject({ code: 1011, reason: expect.stringContaining("store failed") });
  expect(await listener.closed).toMatchObject({ code: 1011 });
  expect(listener.texts.join()).not.toContain("msglog_new_msg");
});

test("[M5] everyone who listens gets the event with the whole stored message", async () => {
  const { url, client, send, get } = await inRoom();
  const listener = await RawClient.login(url, "bob");
  for (const each of [client, listener]) {
    await each.call("core/event/subscribe", {
      class: "media",
      subclass: "room",
      type: "msglog_new_msg",
      obj_id: "r",
    });
  }
  await send({ key1: "val1" });
  const { data } = await get();
  for (const each of [client, listener]) {
    await each.settled();
    expect(eventsOf(each.texts.map((text) => JSON.parse(text)))).toEqual([
      { class: "media", subclass: "room", type: "msglog_new_msg", obj_id: "r", body: data[0] },
    ]);
  }
});

test("[M6] msglog_get lists the whole log in ascending order, [] when it is empty", async () => {
  const { client, send, get } = await inRoom();
  expect((await get()).data).toEqual([]);
  for (let i = 1; i <= 30; i++) await send({ i });
  expect((await get()).data.map(({ i }: { i: number }) => i)).toEqual(
    Array.from({ length: 30 }, (_, i) => i + 1),
  );
  expect(await client.call("media/room/msglog_get", { room_id: "none" })).toMatchObject({
    data: { code: 304001 },
  });
});

test("[M6] a log over max_get_messages or max_get_bytes without limit is 304103, never silently cut", async () => {
  const { send, get } = await inRoom({
    services: { main: { msglog: { max_get_messages: 3, max_get_bytes: 100 } } },
  });
  for (let i = 0; i < 3; i++) await send({ i });
  expect((await get()).data).toHaveLength(3);
  await send({});
  expect((await get()).data).toMatchObject({
    code: 304103,
    error: "Result too large",
    limit: 3,
    field: "limit",
  });
  expect((await get({ after: 1 })).data).toHaveLength(3);
  await send({ text: "x".repeat(100) });
  expect((await get({ after: 3 })).data).toMatchObject({ code: 304103, limit: 100 });
  expect((await get({ limit: 1000 })).data).toHaveLength(4);
});

test("[M8] after and limit page through the log; only [] ends it", async () => {
  const { send, get } = await inRoom({ services: { main: { msglog: { max_get_bytes: 200 } } } });
  for (let i = 1; i <= 10; i++) await send({ i, text: "x".repeat(i * 10) });
  const seen = [];
  for (let after = 0; ; after = seen.at(-1)) {
    const page = (await get({ after, limit: 4 })).data.map(({ msg_id }: { msg_id: number }) => msg_id);
    if (page.length === 0) break;
    seen.push(...page);
  }
  expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => i + 1));
  expect((await get({ after: 10 })).data).toEqual([]);
  expect((await get({ after: 2 ** 40 })).data).toEqual([]);
});

test.for([
  [{ after: -1 }, "after"],
  [{ after: 1.5 }, "after"],
  [{ after: "1" }, "after"],
  [{ after: 2 ** 53 }, "after"],
  [{ limit: 0 }, "limit"],
  [{ limit: 1001 }, "limit"],
  [{ limit: null }, "limit"],
] as const)("[M8] msglog_get with %j is a syntax error", async ([more, field]) => {
  const { get } = await inRoom({ store: { kind: "memory" } });
  expect((await get(more)).data).toEqual({ code: 100044, error: `Syntax error: ${field}`, field });
});

test("[M14] a message over 64 KiB is 304101, counted in UTF-8 bytes of its text, and the connection lives", async () => {
  const { client, send, get } = await inRoom();
  const msg = (bytes: number) => ({ t: "é".repeat((bytes - 8) / 2) });
  expect(Buffer.byteLength(JSON.stringify(msg(65_536)))).toBe(65_536);
  expect(await send(msg(65_536))).toMatchObject({ data: { msg_id: 1 } });
  expect((await send(msg(65_538))).data).toEqual({
    code: 304101,
    error: "Message too large",
    limit: 65_536,
    field: "msg",
  });
  const padded = `{"t":1${" ".repeat(65_531)}}`;
  client.send(
    `{"class":"media","subclass":"room","cmd":"msglog_send","data":{"room_id":"r","msg":${padded}},"tid":1}`,
  );
  expect((await client.next()).data).toMatchObject({ code: 304101 });
  const elsewhere = { room_id: "none", msg: msg(65_538) };
  expect(await client.call("media/room/msglog_send", elsewhere)).toMatchObject({
    data: { code: 304001 },
  });
  expect((await get()).data).toHaveLength(1);
});

class FailingStore extends SlowStore {
  fail = false;

  override commit(writes: Parameters<SlowStore["commit"]>[0]) {
    return this.fail ? Promise.reject(new Error("disk I/O error")) : super.commit(writes);
  }
}
