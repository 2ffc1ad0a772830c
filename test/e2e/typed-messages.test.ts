import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfigInput } from "roomlog";
import { definePlugin } from "roomlog/plugin";
import { expect, test, vi } from "vitest";
import { loadConfig } from "../../packages/server/src/config/load.ts";
import { MemoryStore } from "../../packages/server/src/store/memory.ts";
import type { Write, Written } from "../../packages/server/src/store/store.ts";
import { eventsOf, type Frame, RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";
import { SlowStore } from "../support/slow-store.ts";

const CHAT = { type: "object", required: ["text"], properties: { text: { type: "string", maxLength: 10 } } };
const NUMBERED = { properties: { n: { type: "integer" } } };

/** A service with these settings of msglog, and ann in its room "r". */
async function stage(msglog: object = {}, config: ConfigInput = {}, parts = {}) {
  const server = await serverForTest({ ...config, services: { main: { msglog } } } as ConfigInput, parts);
  const ann = await RawClient.login(server.url);
  await ann.call("media/room/create", { class: "chat", room_id: "r" });
  return { server, ann };
}

const inR = (client: RawClient, cmd: string, data: object = {}): Promise<Frame> =>
  client.call(`media/room/${cmd}`, { room_id: "r", ...data });
const send = async (client: RawClient, msg: object) => (await inR(client, "msglog_send", { msg })).data;
const setSchema = async (client: RawClient, type: string, schema: object | null) =>
  (await inR(client, "msglog_set_schema", { type, schema })).data;
const schemasOf = async (client: RawClient, data: object = {}) =>
  (await inR(client, "msglog_schemas", data)).data;

test("[M24] a message that is not as its schema says is refused with the place, and nothing is stored", async () => {
  const { ann } = await stage({ schemas: { chat: CHAT } });
  expect(await send(ann, { type: "chat", text: 5 })).toEqual({
    code: 304112,
    error: "Invalid message",
    field: "msg",
    type: "chat",
    version: 1,
    from: "service",
    pointer: "/text",
    reason: "must be a string",
  });
  expect(await send(ann, { type: "chat" })).toMatchObject({ code: 304112, pointer: "" });
  expect((await inR(ann, "msglog_get")).data).toEqual([]);
  expect(await send(ann, { type: "chat", text: "hello" })).toEqual({ msg_id: 1 });
  expect(await send(ann, { type: "other", text: 5 })).toEqual({ msg_id: 2 });
  expect(await send(ann, { text: 5 })).toEqual({ msg_id: 3 });
  expect((await inR(ann, "msglog_send", { room_id: "nowhere", msg: { type: "chat" } })).data.code).toBe(
    304001,
  );
});

test("[M24] the member that names the type is a setting, and messages without a known one can be refused", async () => {
  const { ann } = await stage({ schemas: { chat: CHAT }, type_field: "k/d", untyped: "refuse" });
  expect(await send(ann, { "k/d": "chat", text: "hello" })).toEqual({ msg_id: 1 });
  expect(await send(ann, { type: "chat", text: "hello" })).toMatchObject({
    code: 304112,
    pointer: "",
    reason: 'must have the member "k/d", which names its type',
  });
  for (const type of ["other", 5, null, "__proto__", "toString"])
    expect(await send(ann, { "k/d": type })).toMatchObject({ code: 304112, pointer: "/k~1d" });
  await setSchema(ann, "other", {});
  expect(await send(ann, { "k/d": "other" })).toEqual({ msg_id: 2 });
});

test("[M24, S2] what is checked is what the hooks make of a message", async () => {
  const shouting = definePlugin({
    name: "shouting",
    needs: ["msglog"],
    setup: () => ({
      hooks: { "msglog.send": (input, next) => next({ ...input, msg: { ...input.msg, text: 7 } }) },
    }),
  });
  const file = join(dataDirectory(), "shouting.mjs");
  writeFileSync(file, "");
  const server = await serverForTest(
    {
      services: {
        main: { plugins: ["core", "room", "msglog", "shouting"], msglog: { schemas: { chat: CHAT } } },
      },
    } as ConfigInput,
    { plugins: [shouting] },
  );
  const ann = await RawClient.login(server.url);
  await ann.call("media/room/create", { class: "chat", room_id: "r" });
  expect(await send(ann, { type: "chat", text: "hello" })).toMatchObject({ code: 304112, pointer: "/text" });
});

test("[M24, M15] another wording of a message is checked like a message", async () => {
  const { ann } = await stage({ schemas: { chat: CHAT } });
  expect(await send(ann, { type: "chat", text: "hello" })).toEqual({ msg_id: 1 });
  const edit = async (msg: object) => (await inR(ann, "msglog_edit", { msg_id: 1, msg })).data;
  expect(await edit({ type: "chat", text: 5 })).toMatchObject({ code: 304112, pointer: "/text" });
  expect(await edit({ type: "chat", text: "hi" })).toEqual({ msg_id: 2 });
  expect((await inR(ann, "msglog_delete", { msg_id: 1 })).data).toEqual({ msg_id: 3 });
});

test("[M24] a room has schemas of its own with rising versions, and tells of each", async () => {
  const { server, ann } = await stage();
  const bob = await RawClient.login(server.url, "bob");
  await inR(bob, "join");
  expect(await send(ann, { type: "chat" })).toEqual({ msg_id: 1 });
  expect(await setSchema(ann, "chat", CHAT)).toEqual({ version: 1 });
  expect(await send(ann, { type: "chat" })).toMatchObject({ code: 304112, version: 1, from: "room" });
  expect(await setSchema(ann, "chat", NUMBERED)).toEqual({ version: 2 });
  expect(await send(ann, { type: "chat", n: 1 })).toEqual({ msg_id: 2 });
  expect(await setSchema(ann, "chat", null)).toEqual({ version: 3 });
  expect(await setSchema(ann, "other", CHAT)).toEqual({ version: 1 });
  expect(await send(ann, { type: "chat", n: "x" })).toEqual({ msg_id: 3 });
  expect(await setSchema(ann, "chat", NUMBERED)).toEqual({ version: 4 });
  const events = eventsOf(await bob.settled()).filter(({ type }) => type === "schema");
  expect(events.map(({ body }) => body)).toEqual([
    { type: "chat", version: 1, by: "ann" },
    { type: "chat", version: 2, by: "ann" },
    { type: "chat", version: 3, removed: true, by: "ann" },
    { type: "other", version: 1, by: "ann" },
    { type: "chat", version: 4, by: "ann" },
  ]);
  const at = expect.any(Number);
  const of = (version: number, from_id: number, schema: object | null) => ({
    type: "chat",
    version,
    from: "room",
    schema,
    from_id,
    by: "ann",
    at,
  });
  const other = { ...of(1, 3, CHAT), type: "other" };
  expect(await schemasOf(ann)).toEqual([of(4, 4, NUMBERED), other]);
  expect(await schemasOf(ann, { type: "chat", versions: true })).toEqual([
    of(1, 2, CHAT),
    of(2, 2, NUMBERED),
    of(3, 3, null),
    of(4, 4, NUMBERED),
  ]);
});

test("[M24] the schemas of service and room both have to hold", async () => {
  const { ann } = await stage({ schemas: { chat: { version: 7, schema: CHAT } } });
  await setSchema(ann, "chat", NUMBERED);
  expect(await send(ann, { type: "chat", n: 1 })).toMatchObject({ version: 7, from: "service", pointer: "" });
  expect(await send(ann, { type: "chat", text: "", n: "" })).toMatchObject({
    version: 1,
    from: "room",
    pointer: "/n",
  });
  expect(await send(ann, { type: "chat", text: "", n: 1 })).toEqual({ msg_id: 1 });
  expect(await schemasOf(ann)).toMatchObject([
    { type: "chat", version: 7, from: "service", schema: CHAT },
    { type: "chat", version: 1, from: "room", from_id: 1 },
  ]);
});

test("[M24] each message stands under the version that checked it, also while that is on its way to the disk", async () => {
  const store = new SlowStore();
  const { server, ann } = await stage({}, {}, { store });
  // Each has one request on its way.
  const [bob, cid, dan] = [
    await RawClient.login(server.url, "bob"),
    await RawClient.login(server.url, "cid"),
    await RawClient.login(server.url, "dan"),
  ];
  const bytes = async () => {
    const page = await (await fetch(`${server.url.replace("ws", "http")}metrics`)).text();
    return Number(/^roomlog_schema_bytes\S* (\d+)/m.exec(page)?.[1]);
  };
  await setSchema(ann, "chat", NUMBERED);
  expect(await send(bob, { type: "chat", n: 1 })).toEqual({ msg_id: 1 });
  store.hold();
  const set = setSchema(ann, "chat", CHAT);
  await store.held;
  expect(await bytes()).toBe(JSON.stringify(CHAT).length);
  const [refused, after] = [send(cid, { type: "chat", n: 1 }), send(dan, { type: "chat", text: "x" })];
  store.release();
  expect(await refused).toMatchObject({ code: 304112, version: 2 });
  expect(await after).toEqual({ msg_id: 2 });
  expect(await set).toEqual({ version: 2 });
  expect(await schemasOf(ann)).toMatchObject([{ version: 2, from_id: 2 }]);
});

test("[M24] schemas of a room are there after a restart, and gone with its life", async () => {
  const data = dataDirectory();
  const first = await stage({}, { data });
  await setSchema(first.ann, "chat", CHAT);
  await setSchema(first.ann, "gone", CHAT);
  await setSchema(first.ann, "gone", null);
  await first.server.close();
  const server = await serverForTest({ data });
  const ann = await RawClient.login(server.url);
  expect(await send(ann, { type: "chat" })).toMatchObject({ code: 304112, version: 1 });
  expect(await send(ann, { type: "gone" })).toEqual({ msg_id: 1 });
  expect(await setSchema(ann, "gone", CHAT)).toEqual({ version: 3 });
  const { epoch } = (await inR(ann, "msglog_info")).data;
  await inR(ann, "destroy");
  await inR(ann, "create", { class: "chat" });
  expect(await send(ann, { type: "chat" })).toEqual({ msg_id: 1 });
  expect(await schemasOf(ann)).toEqual([]);
  expect(await setSchema(ann, "chat", CHAT)).toEqual({ version: 1 });
  for (const ended of [epoch, "last"])
    expect(await schemasOf(ann, { epoch: ended })).toMatchObject([
      { type: "chat" },
      { type: "gone", version: 3 },
    ]);
  expect((await inR(ann, "msglog_schemas", { epoch: "none" })).data.code).toBe(304106);
  for (const life of [{}, { epoch }, { epoch: "last" }])
    expect((await inR(ann, "msglog_schemas", { room_id: "nowhere", ...life })).data.code).toBe(304001);
});

/** A memory store that has written what it is given before it says so. */
class LateStore extends MemoryStore {
  readonly kinds: Write["kind"][] = [];
  #told: Promise<void> = Promise.resolve();

  /** From now on nobody is told of a commit, until what this gives back is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#told = promise;
    return resolve;
  }

  override async commit(writes: readonly Write[]): Promise<Written[]> {
    const written = await super.commit(writes);
    this.kinds.push(...writes.map(({ kind }) => kind));
    await this.#told;
    return written;
  }
}

test("[M24] a schema for a life that nobody has been told of yet holds in that life, as its first version", async () => {
  const store = new LateStore();
  const { server, ann } = await stage({}, {}, { store });
  const [bob, cid, dan, eve] = [
    await RawClient.login(server.url, "bob"),
    await RawClient.login(server.url, "cid"),
    await RawClient.login(server.url, "dan"),
    await RawClient.login(server.url, "eve"),
  ];
  await setSchema(ann, "chat", CHAT);
  // What comes while a commit is not told is written together: the end of the room and its next life.
  const first = store.hold();
  const sent = send(ann, {});
  await vi.waitUntil(() => store.kinds.includes("append"));
  const made = [inR(bob, "destroy"), inR(cid, "create", { class: "chat" })];
  const waiting = async () => {
    const page = await (await fetch(`${server.url.replace("ws", "http")}metrics`)).text();
    return Number(/^roomlog_writes_waiting\S* (\d+)/m.exec(page)?.[1]);
  };
  while ((await waiting()) !== 2);
  const second = store.hold();
  first();
  await vi.waitUntil(() => store.kinds.at(-1) === "create_room");
  const set = setSchema(dan, "chat", NUMBERED);
  // Meanwhile it is read whether there is such a room.
  for (let i = 0; i < 3; i++) await inR(eve, "msglog_info");
  second();
  await Promise.all([sent, ...made]);
  expect(await set).toEqual({ version: 1 });
  expect(await send(dan, { type: "chat", n: "x" })).toMatchObject({ code: 304112, version: 1 });
});

test("[M24] a schema that a room may not have is refused with the place in it", async () => {
  const { ann } = await stage();
  expect(await setSchema(ann, "chat", { properties: { text: { pattern: "(a+)+$" } } })).toEqual({
    code: 100044,
    error: "Syntax error: schema",
    field: "schema",
    pointer: "/properties/text/pattern",
    reason: 'the keyword "pattern" is for schemas of the service alone',
  });
  expect((await inR(ann, "msglog_set_schema", { room_id: "nowhere", type: "a", schema: {} })).data.code).toBe(
    304001,
  );
  expect(await schemasOf(ann)).toEqual([]);
});

test("[M24] a room's schemas change 256 times, and all rooms' have so many bytes", async () => {
  const { ann } = await stage({ schema_bytes: 300 }, { store: { kind: "memory" } });
  expect(await setSchema(ann, "long", { description: "x".repeat(300) })).toMatchObject({
    code: 100050,
    limit: 300,
  });
  for (let i = 0; i < 128; i++)
    for (const type of ["a", "b"])
      expect(await setSchema(ann, type, i % 2 ? {} : null)).toEqual({ version: i + 1 });
  expect(await setSchema(ann, "c", {})).toMatchObject({ code: 100050, limit: 256 });
});

test("[M24, S4] a broken schema of a service is named with its place, at the start and by a reload", async () => {
  const broken = {
    services: { main: { msglog: { schemas: { chat: { properties: { a: { typ: "x" } } } } } } },
  };
  await expect(serverForTest(broken as ConfigInput)).rejects.toThrow(
    /services\.main\.msglog\.schemas\.chat.*the keyword "typ" is not known.*#\/properties\/a\/typ/s,
  );
  let current: object = {};
  const fixed = { port: 0, data: dataDirectory() };
  const server = await serverForTest(fixed, { loadConfig: () => ({ ...fixed, ...current }) as ConfigInput });
  const ann = await RawClient.login(server.url);
  await inR(ann, "create", { class: "chat" });
  expect(await send(ann, { type: "chat" })).toEqual({ msg_id: 1 });
  current = { services: { main: { msglog: { schemas: { chat: CHAT } } } } };
  await server.reload();
  expect(await send(ann, { type: "chat" })).toMatchObject({ code: 304112 });
  current = broken;
  await expect(server.reload()).rejects.toThrow(/schemas\.chat/);
  expect(await send(ann, { type: "chat" })).toMatchObject({ code: 304112 });
  current = {};
  await server.reload();
  expect(await send(ann, { type: "chat" })).toEqual({ msg_id: 2 });
});

test("[M24] what docs/schemas.md says of its messages is so", async () => {
  const page = readFileSync(new URL("../../docs/schemas.md", import.meta.url), "utf8");
  const block = (kind: string) => new RegExp(`\`\`\`${kind}\\n(.*?)\`\`\``, "s").exec(page)?.[1] ?? "";
  const data = dataDirectory();
  const file = join(data, "roomlog.yaml");
  writeFileSync(file, block("yaml"));
  const server = await serverForTest({ ...loadConfig(file, {}), port: 0, data });
  const ann = await RawClient.login(server.url);
  await inR(ann, "create", { class: "chat" });
  const stored = block("json").trim().split("\n");
  expect(stored).toHaveLength(3);
  for (const [i, msg] of stored.entries())
    expect(await send(ann, JSON.parse(msg))).toEqual({ msg_id: i + 1 });
  const rows = [...page.matchAll(/^\| `(\{.*\})` \| (?:`(.*?)`)? ?\| (.*) \|$/gm)];
  expect(rows).toHaveLength(6);
  for (const [, msg = "", pointer = "", reason] of rows)
    expect(await send(ann, JSON.parse(msg))).toMatchObject({ code: 304112, pointer, reason });
});

test("[M24, H6] over HTTP it is 422 with the place", async () => {
  const { server } = await stage({ schemas: { chat: CHAT } });
  const url = `${server.url.replace("ws", "http")}v1/rooms/r/messages`;
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: '{"type":"chat"}' });
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({
    code: 304112,
    pointer: "",
    reason: 'must have the member "text"',
  });
});

test("[M24] a message that takes too much work is refused, and the server answers others meanwhile", async () => {
  const { ann } = await stage();
  const twice = (of: string) => ({ anyOf: [{ $ref: `#/$defs/${of}` }, { $ref: `#/$defs/${of}` }] });
  const levels = Array.from({ length: 12 }, (_, i) => [
    `a${i}`,
    i === 0 ? { type: "null" } : twice(`a${i - 1}`),
  ]);
  await setSchema(ann, "blow-up", {
    $defs: Object.fromEntries(levels),
    properties: { a: { items: { $ref: "#/$defs/a11" } } },
  });
  const reason = "has too many values or too long texts to be checked by the room's schema";
  expect(await send(ann, { type: "blow-up", a: [1, 2] })).toMatchObject({
    code: 304112,
    pointer: "",
    reason,
  });
  expect(await send(ann, { type: "blow-up", a: [] })).toEqual({ msg_id: 1 });
});
