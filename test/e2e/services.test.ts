import { startServer } from "roomlog";
import { expect, test } from "vitest";
import { RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

const refused = (services: object) =>
  startServer({ port: 0, data: dataDirectory(), store: { kind: "memory" }, services: services as never });

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

test("[S1] services of one server do not see each other's rooms and events", async () => {
  const services = { a: { listeners: [{ path: "/a" }] }, b: { listeners: [{ path: "/b" }] } };
  const { url } = await serverForTest({ services });
  const [a, b] = [
    await RawClient.login(new URL("/a", url).href),
    await RawClient.login(new URL("/b", url).href),
  ];
  await b.call("core/event/subscribe", { class: "*" });
  await a.call("media/room/create", { class: "chat", room_id: "r" });
  await a.call("media/room/msglog_send", { room_id: "r", msg: { secret: "canary" } });
  expect(await b.call("media/room/msglog_get", { room_id: "r" })).toMatchObject({ data: { code: 304001 } });
  expect(await b.call("media/room/get_list")).toMatchObject({ data: [] });
  expect(b.texts.join()).not.toContain("canary");
});

test.for([
  [{ main: { plugins: ["core", "msglog"] } }, '"msglog" needs "room" before it'],
  [
    { main: { plugins: ["core", "rooms"] } },
    'there is no plugin "rooms"; there are core, room, msglog, and files',
  ],
  [{ main: { msglog: { max_messages: 1 } } }, "max_messages"],
  [{ main: { msglog: { time_field: "ts" } } }, '"timestmap"|"timestamp"'],
  [{ main: { chat: {} } }, 'unknown setting "chat"'],
] as const)("[S1] services %j are refused with a sentence", async ([services, sentence]) => {
  await expect(refused(services)).rejects.toThrow(sentence);
});
