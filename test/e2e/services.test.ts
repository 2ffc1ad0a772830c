import { createServer } from "roomlog";
import { expect, test } from "vitest";
import { hashPassword } from "../../packages/server/src/auth/users.ts";
import { eventsOf, RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

const refused = (services: object) =>
  createServer({ port: 0, data: dataDirectory(), store: { kind: "memory" }, services: services as never });

test("[S1] a service without msglog has rooms but no messages", async () => {
  const { url } = await serverForTest({ services: { main: { plugins: ["core", "room"] } } });
  const client = await RawClient.login(url);
  expect(await client.call("media/room/create", { class: "chat", room_id: "r" })).toMatchObject({
    result: "ok",
  });
  for (const cmd of ["msglog_send", "msglog_get"]) {
    expect(await client.call(`media/room/${cmd}`, { room_id: "r", msg: {} })).toMatchObject({
      data: { code: 100006, error: "Not implemented" },
    });
  }
});

test("[S1] each service has its own settings", async () => {
  const { url } = await serverForTest({
    services: {
      small: { listeners: [{ path: "/small" }], msglog: { max_message_bytes: 10 } },
      large: { listeners: [{ path: "/" }] },
    },
  });
  const results = [];
  for (const path of ["/small", "/"]) {
    const client = await RawClient.login(new URL(path, url).href);
    await client.call("media/room/create", { class: "chat", room_id: "r" });
    results.push(
      (await client.call("media/room/msglog_send", { room_id: "r", msg: { text: "hello" } })).data,
    );
  }
  expect(results).toMatchObject([{ code: 304101 }, { msg_id: 1 }]);
});

const two = { a: { listeners: [{ path: "/a" }] }, b: { listeners: [{ path: "/b" }] } };

test("[S3] not a byte of one service reaches a client of another", async () => {
  const { url } = await serverForTest({ services: two });
  const at = (path: string, user: string, id: string) => RawClient.login(new URL(path, url).href, user, id);
  const [a, b] = [await at("/a", "canary-user", "canary-session"), await at("/b", "bob", "b1")];
  await b.call("core/event/subscribe", { class: "*" });
  await a.call("media/room/create", { class: "chat", room_id: "canary-room", meta: { x: "canary-meta" } });
  await a.call("media/room/join", { room_id: "canary-room" });
  await a.call("media/room/msglog_send", { room_id: "canary-room", msg: { text: "canary-text" } });
  await a.call("media/room/send_info", { room_id: "canary-room", info: "canary-info" });
  await a.call("core/event/send", { class: "app", type: "canary-type" });
  await a.call("core/user/send_event", { user: "bob", type: "canary-event" });
  for (const [name, data] of [
    ["media/room/get_list", {}],
    ["media/room/msglog_get", { room_id: "canary-room" }],
    ["media/room/get_info", { room_id: "canary-room" }],
    ["media/room/join", { room_id: "canary-room" }],
    ["core/user/list", {}],
    ["core/user/get", { user: "canary-user" }],
    ["core/session/stop", { session_id: "canary-session" }],
    ["core/session/cmd", { session_id: "canary-session", class: "app", cmd: "x" }],
    ["core/server/info", {}],
  ] as const) {
    await b.call(name, data);
  }
  await a.call("media/room/destroy", { room_id: "canary-room" });
  await b.settled();
  expect(b.texts.join("\n")).not.toContain("canary");
});

test("[S3, E1, E5] a subscription that names another service gets its events, with the service's name", async () => {
  const { url } = await serverForTest({ services: two });
  const [a, b] = [
    await RawClient.login(new URL("/a", url).href),
    await RawClient.login(new URL("/b", url).href),
  ];
  await b.call("core/event/subscribe", { class: "media", service: "a", body: { mine: 1 } });
  expect((await b.call("core/event/get_subscriptions")).data[0]).toEqual({
    class: "media",
    subclass: "*",
    type: "*",
    obj_id: "*",
    service: "a",
    body: { mine: 1 },
  });
  await a.call("media/room/create", { class: "chat", room_id: "r" });
  expect(eventsOf(await b.settled())).toEqual([
    {
      class: "media",
      subclass: "room",
      type: "created",
      obj_id: "r",
      service: "a",
      body: { mine: 1, class: "chat" },
    },
  ]);
  await b.call("core/event/unsubscribe", { class: "media", service: "a" });
  await a.call("media/room/destroy", { room_id: "r" });
  expect(eventsOf(await b.settled())).toEqual([]);
});

test("[S3] the events of another service need a right of their own", async () => {
  const users = [{ name: "ann", password: await hashPassword("x") }];
  const { url } = await serverForTest({ services: two, users });
  const client = await RawClient.connect(new URL("/a", url).href);
  await client.call("core/user/login", { user: "ann", password: "x" });
  expect(await client.call("core/event/subscribe", { class: "media", service: "b" })).toMatchObject({
    data: { code: 100030 },
  });
  // Which there are is not told without it.
  expect(await client.call("core/event/subscribe", { class: "media", service: "c" })).toMatchObject({
    data: { code: 100030 },
  });
});

test.for([
  [{ main: { plugins: ["core", "msglog"] } }, '"msglog" needs "room" before it'],
  [
    { main: { plugins: ["core", "rooms"] } },
    'there is no plugin "rooms"; there are core, room, msglog, webhooks; a plugin of your own',
  ],
  [{ main: { msglog: { max_messages: 1 } } }, "max_messages"],
  [{ main: { msglog: { time_field: "ts" } } }, '"timestmap"|"timestamp"'],
  [{ main: { chat: {} } }, "services.main.chat: there is no such setting; there are listeners"],
] as const)("[S1] services %j are refused with a sentence", async ([services, sentence]) => {
  await expect(refused(services)).rejects.toThrow(sentence);
});
