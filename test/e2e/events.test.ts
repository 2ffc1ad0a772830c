import { expect, test } from "vitest";
import { eventsOf, RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";

const memory = { store: { kind: "memory" } } as const;
const EVENT = { class: "media", subclass: "room", type: "created", obj_id: "r1" };

/** A listener and a way to fire (media, room, created, room_id). */
async function stage() {
  const { url } = await serverForTest(memory);
  const [listener, actor] = [await RawClient.login(url, "ann"), await RawClient.login(url, "bob")];
  const create = (room_id = "r1", more = {}) =>
    actor.call("media/room/create", { class: "chat", room_id, ...more });
  const subscribe = (data: object) => listener.call("core/event/subscribe", data);
  const received = async () => eventsOf(await listener.settled());
  return { listener, actor, create, subscribe, received };
}

test("[E1] the frame of an event: what is absent or empty is left out", async () => {
  const { create, subscribe, listener } = await stage();
  await subscribe({ class: "media" });
  await create("r1", { backend: "x", meta: { a: 1 } });
  const text = await listener.nextText();
  expect(text).toMatch(/^\{"class":"core","cmd":"event","data":\{.*\},"tid":\d+\}$/);
  expect(JSON.parse(text).data).toEqual({ ...EVENT, body: { class: "chat", backend: "x", meta: { a: 1 } } });
});

const FIELDS = ["class", "subclass", "type", "obj_id"] as const;

test.for(Array.from({ length: 16 }, (_, mask) => mask))(
  "[E2] every combination of wildcards matches, and no other value does (%i)",
  async (mask) => {
    const { create, subscribe, received } = await stage();
    const named = FIELDS.filter((_, i) => mask & (1 << i));
    const pattern = Object.fromEntries(
      FIELDS.map((field) => [field, named.includes(field) ? EVENT[field] : "*"]),
    );
    for (const field of named) {
      await subscribe({ ...pattern, [field]: "other" });
      await create(`${field}-none`);
      expect(await received()).toEqual([]);
    }
    await subscribe(pattern);
    await create();
    expect(await received()).toMatchObject([EVENT]);
  },
);

test("[E2] an omitted field means the wildcard; class is mandatory", async () => {
  const { create, subscribe, received } = await stage();
  expect(await subscribe({})).toMatchObject({ data: { code: 100045, error: "Missing field: class" } });
  for (const [field, value] of [
    ["subclass", 5],
    ["type", ""],
    ["obj_id", null],
    ["body", []],
    ["class", {}],
  ] as const) {
    expect(await subscribe({ class: "media", [field]: value })).toMatchObject({
      data: { code: 100044, error: `Syntax error: ${field}` },
    });
  }
  await subscribe({ class: "media", obj_id: "r1" });
  await create();
  await create("r2");
  expect(await received()).toMatchObject([EVENT]);
});

test("[E2] the own service may be named, another one is 100020", async () => {
  const { create, subscribe, received } = await stage();
  expect(await subscribe({ class: "media", service: "other" })).toMatchObject({ data: { code: 100020 } });
  await subscribe({ class: "media", service: "main" });
  await create();
  const [event] = await received();
  expect(event).toMatchObject(EVENT);
  expect(event).not.toHaveProperty("service");
});

test("[E3] an event reaches a connection once, however many subscriptions match", async () => {
  const { create, subscribe, received } = await stage();
  for (const more of [{}, { subclass: "room" }, { type: "created" }, { obj_id: "r1" }, EVENT]) {
    await subscribe({ class: "media", ...more });
  }
  await create();
  expect(await received()).toHaveLength(1);
});

test("[E3] bodies are merged from the least to the most specific; the event's own keys win", async () => {
  const { create, subscribe, received, listener } = await stage();
  await subscribe({ ...EVENT, body: { most: "specific", shared: "specific", class: "evil" } });
  await subscribe({ class: "media", body: { least: 1, shared: "least" } });
  await subscribe({ class: "media", obj_id: "r1", body: { equal: "first" } });
  await subscribe({ class: "media", type: "created", body: { equal: "later", ["__proto__"]: { x: 1 } } });
  await create();
  const [event] = await received();
  expect(Object.entries(event.body)).toEqual([
    ["least", 1],
    ["shared", "specific"],
    ["equal", "later"],
    ["__proto__", { x: 1 }],
    ["most", "specific"],
    ["class", "chat"],
  ]);
  expect(listener.texts.at(-2)).not.toContain("evil");
});

test("[E3] the body of a subscription never reaches another subscriber", async () => {
  const { create, subscribe, received, actor } = await stage();
  await subscribe({ class: "media", body: { mine: 1, msg_id: 9, user_id: "evil" } });
  await actor.call("core/event/subscribe", { class: "media", body: { class: 5 } });
  await create();
  expect(eventsOf(await actor.settled())[0].body).toEqual({ class: "chat" });
  await actor.call("media/room/msglog_send", { room_id: "r1", msg: { user_id: "x" } });
  const [, message] = await received();
  expect(message.body).toMatchObject({ mine: 1, msg_id: 1, user_id: "bob" });
});

test("[E4] subscribing again replaces the body, one unsubscribe ends it", async () => {
  const { create, subscribe, received, listener } = await stage();
  await subscribe({ class: "media", body: { a: 1 } });
  await subscribe({ class: "media", subclass: "*", type: "*", obj_id: "*", body: { b: 2 } });
  await create();
  expect((await received())[0].body).toEqual({ b: 2, class: "chat" });
  expect(await listener.call("core/event/unsubscribe", { class: "media" })).toMatchObject({ result: "ok" });
  await create("r2");
  expect(await received()).toEqual([]);
});

test("[E4] unsubscribe must match exactly and is ok also when nothing matched", async () => {
  const { create, subscribe, received, listener } = await stage();
  await subscribe({ class: "media", subclass: "room" });
  for (const pattern of [
    { class: "media" },
    { class: "media", subclass: "room", type: "created" },
    { class: "x" },
  ]) {
    expect(await listener.call("core/event/unsubscribe", pattern)).toMatchObject({ result: "ok" });
  }
  await create();
  expect(await received()).toHaveLength(1);
});

test("[E4] the automatic subscriptions can be replaced and unsubscribed", async () => {
  const { listener } = await stage();
  const own = { class: "core", subclass: "user_event", obj_id: "ann" };
  const list = async () => (await listener.call("core/event/get_subscriptions")).data;
  await listener.call("core/event/subscribe", { ...own, body: { a: 1 } });
  expect(await list()).toMatchObject([{ ...own, body: { a: 1 } }, { subclass: "session_event" }]);
  await listener.call("core/event/unsubscribe", own);
  expect(await list()).toMatchObject([{ subclass: "session_event" }]);
});

test("[E4] all subscriptions end with the connection, also for its session id", async () => {
  const { url } = await serverForTest(memory);
  const before = await RawClient.login(url, "ann", "s1");
  await before.call("core/event/subscribe", { class: "media" });
  await before.close();
  const after = await RawClient.login(url, "ann", "s1");
  await after.call("media/room/create", { class: "chat" });
  expect(eventsOf(await after.settled())).toEqual([]);
  expect((await after.call("core/event/get_subscriptions")).data).toHaveLength(2);
});

test("[E5] get_subscriptions lists them newest first, without an ack", async () => {
  const { listener, subscribe } = await stage();
  await subscribe({ class: "media", body: { a: 1 } });
  await subscribe({ class: "*", subclass: "room", type: "x", obj_id: "r" });
  await subscribe({ class: "media", body: {} });
  listener.send({ class: "core", subclass: "event", cmd: "get_subscriptions", tid: 1 });
  expect((await listener.next()).data.slice(0, 2)).toEqual([
    { class: "media", subclass: "*", type: "*", obj_id: "*" },
    { class: "*", subclass: "room", type: "x", obj_id: "r" },
  ]);
});

test("[E4] a subscription is in force before its ok answer is sent", async () => {
  const { create, subscribe, received } = await stage();
  for (let i = 0; i < 20; i++) {
    await subscribe({ class: "media", obj_id: `r${i}` });
    await create(`r${i}`);
    expect(await received()).toHaveLength(1);
  }
});

test("[E7] every connection gets a room's events in the order of the log, from several senders", async () => {
  const { url } = await serverForTest();
  const [ann, bob, cleo] = [
    await RawClient.login(url, "ann"),
    await RawClient.login(url, "bob"),
    await RawClient.login(url, "cleo"),
  ];
  await ann.call("media/room/create", { class: "chat", room_id: "r" });
  for (const listener of [ann, cleo])
    await listener.call("core/event/subscribe", { class: "media", obj_id: "r" });
  for (let tid = 0; tid < 200; tid++) {
    const sender = tid % 2 ? ann : bob;
    sender.send({
      class: "media",
      subclass: "room",
      cmd: "msglog_send",
      data: { room_id: "r", msg: {} },
      tid,
    });
  }
  for (const listener of [ann, cleo]) {
    const seen = [];
    while (seen.length < 200) {
      const frame = await listener.next();
      if (frame.cmd === "event") seen.push(frame.data.body.msg_id);
    }
    expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  }
});

test("[E7] an answer precedes the sender's own copy of the event", async () => {
  const { url } = await serverForTest();
  const client = await RawClient.login(url);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  await client.call("core/event/subscribe", { class: "media" });
  for (let tid = 1; tid <= 50; tid++) {
    client.send({
      class: "media",
      subclass: "room",
      cmd: "msglog_send",
      data: { room_id: "r", msg: {} },
      tid,
    });
  }
  client.send({ class: "media", subclass: "room", cmd: "destroy", data: { room_id: "r" }, tid: 51 });
  const answered = new Set();
  for (let events = 0; events < 51; ) {
    const frame = await client.next();
    if (frame.result === "ok") answered.add(frame.tid);
    else if (frame.cmd === "event") {
      events += 1;
      expect(answered).toContain(frame.data.body.msg_id ?? 51);
    }
  }
});
