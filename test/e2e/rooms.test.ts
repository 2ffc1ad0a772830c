import { expect, test } from "vitest";
import { eventsOf, RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

const memory = { store: { kind: "memory" } } as const;

test("[R1] create answers the room id, given or generated, and fires created", async () => {
  const { url } = await serverForTest();
  const [listener, client] = [await RawClient.login(url), await RawClient.login(url)];
  await listener.call("core/event/subscribe", { class: "media" });
  expect(await client.call("media/room/create", { class: "sfu", room_id: "r1" })).toMatchObject({
    data: { room_id: "r1" },
  });
  const { data } = await client.call("media/room/create", { class: "mcu", backend: "any", meta: { a: [1] } });
  expect(data.room_id).toMatch(/^room-[0-9a-f-]{36}$/);
  expect(eventsOf(await listener.settled())).toEqual([
    { class: "media", subclass: "room", type: "created", obj_id: "r1", body: { class: "sfu" } },
    {
      class: "media",
      subclass: "room",
      type: "created",
      obj_id: data.room_id,
      body: { class: "mcu", backend: "any", meta: { a: [1] } },
    },
  ]);
});

test("[R1] a taken id is 304002", async () => {
  const { url } = await serverForTest();
  const client = await RawClient.login(url);
  await client.call("media/room/create", { class: "chat", room_id: "r1" });
  expect(await client.call("media/room/create", { class: "chat", room_id: "r1" })).toMatchObject({
    data: { code: 304002, error: "Room already exists" },
  });
});

test("[R1] of two creations of one id at the same time one succeeds", async () => {
  const { url } = await serverForTest();
  const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.login(url)));
  const answers = await Promise.all(
    clients.map((client) => client.call("media/room/create", { class: "chat", room_id: "r" })),
  );
  expect(answers.filter(({ result }) => result === "ok")).toHaveLength(1);
});

test.for([
  [{}, 100045, "Missing field: class"],
  [{ class: "other" }, 100044, "Syntax error: class"],
  [{ class: "chat", timeout: 4 }, 100044, "Syntax error: timeout"],
  [{ class: "chat", timeout: 259_201 }, 100044, "Syntax error: timeout"],
  [{ class: "chat", timeout: "60" }, 100044, "Syntax error: timeout"],
  [{ class: "chat", bitrate: -1 }, 100044, "Syntax error: bitrate"],
  [{ class: "chat", audio_codec: "mp3" }, 100044, "Syntax error: audio_codec"],
  [{ class: "chat", video_codec: "h265" }, 100044, "Syntax error: video_codec"],
  [{ class: "chat", meta: [] }, 100044, "Syntax error: meta"],
  [{ class: "chat", backend: 5 }, 100044, "Syntax error: backend"],
  [{ backend: 5 }, 100044, "Syntax error: backend"],
] as const)("[C7] create with %j is refused with the field's name", async ([data, code, error]) => {
  const { url } = await serverForTest(memory);
  const client = await RawClient.login(url);
  expect(await client.call("media/room/create", data)).toMatchObject({
    data: { code, error, field: error.split(": ")[1] },
  });
});

test("[C7] missing fields of every command are named", async () => {
  const { url } = await serverForTest(memory);
  const client = await RawClient.login(url);
  for (const cmd of ["destroy", "get_info", "msglog_send", "msglog_get"]) {
    expect(await client.call(`media/room/${cmd}`)).toMatchObject({
      data: { code: 100045, error: "Missing field: room_id", field: "room_id" },
    });
  }
  expect(await client.call("media/room/msglog_send", { room_id: "r" })).toMatchObject({
    data: { code: 100045, error: "Missing field: msg" },
  });
});

test("[C6] unknown commands are 100042 in class core and 100006 elsewhere", async () => {
  const { url } = await serverForTest(memory);
  const client = await RawClient.login(url);
  expect(await client.call("core/user/fly")).toMatchObject({
    data: { code: 100042, error: "Unknown command 'fly'" },
  });
  for (const name of ["media/room/fly", "media/other/create", "other/core/x", "media/core/__proto__"]) {
    expect(await client.call(name)).toMatchObject({ data: { code: 100006, error: "Not implemented" } });
  }
});

test("[R2] destroy answers ok, fires destroyed, and the id is free at once", async () => {
  const { url } = await serverForTest();
  const [listener, client] = [await RawClient.login(url), await RawClient.login(url)];
  await client.call("media/room/create", { class: "chat", room_id: "r1" });
  await client.call("media/room/msglog_send", { room_id: "r1", msg: { old: true } });
  await listener.call("core/event/subscribe", { class: "media", type: "destroyed" });
  expect(await client.call("media/room/destroy", { room_id: "r1" })).toMatchObject({ result: "ok" });
  expect(await client.call("media/room/destroy", { room_id: "r1" })).toMatchObject({
    data: { code: 304001 },
  });
  expect(await client.call("media/room/create", { class: "chat", room_id: "r1" })).toMatchObject({
    result: "ok",
  });
  expect(await client.call("media/room/msglog_get", { room_id: "r1" })).toMatchObject({ data: [] });
  expect(await client.call("media/room/msglog_send", { room_id: "r1", msg: {} })).toMatchObject({
    data: { msg_id: 1 },
  });
  expect(eventsOf(await listener.settled())).toEqual([
    {
      class: "media",
      subclass: "room",
      type: "destroyed",
      obj_id: "r1",
      body: { code: 100013, reason: "API stop received" },
    },
  ]);
});

test("[R3] get_list is ascending by room id, with limit, after and prefix", async () => {
  const { url } = await serverForTest();
  const client = await RawClient.login(url);
  expect(await client.call("media/room/get_list")).toMatchObject({ data: [] });
  const ids = ["b", "a", "a2", "é", "😀", "\uffee", "Z"];
  for (const room_id of ids) await client.call("media/room/create", { class: "sfu", room_id });
  const list = async (data?: object) =>
    (await client.call("media/room/get_list", data)).data.map(({ room_id }: { room_id: string }) => room_id);
  expect(await list()).toEqual(["Z", "a", "a2", "b", "é", "\uffee", "😀"]);
  expect(await list({ limit: 2 })).toEqual(["Z", "a"]);
  expect(await list({ after: "a", limit: 2 })).toEqual(["a2", "b"]);
  expect(await list({ prefix: "a" })).toEqual(["a", "a2"]);
  expect(await list({ prefix: "a", after: "a" })).toEqual(["a2"]);
  expect(await client.call("media/room/get_list", { prefix: "Z" })).toMatchObject({
    data: [{ room_id: "Z", class: "sfu" }],
  });
});

test("[R3] more than 10,000 rooms without limit is 304103", async () => {
  const { url } = await serverForTest(memory);
  const client = await RawClient.login(url);
  const count = 10_001;
  for (let tid = 0; tid < count; tid++) {
    client.send({ class: "media", subclass: "room", cmd: "create", data: { class: "chat" }, tid });
  }
  await client.until(({ tid }) => tid === count - 1);
  expect(await client.call("media/room/get_list")).toMatchObject({
    data: { code: 304103, error: "Result too large", limit: 10_000, field: "limit" },
  });
  expect((await client.call("media/room/get_list", { limit: 10_000 })).data).toHaveLength(10_000);
});

test("[R3] get_info gives what the room was created with", async () => {
  const { url } = await serverForTest();
  const client = await RawClient.login(url);
  const info = {
    class: "sfu",
    backend: "b",
    audio_codec: "opus",
    video_codec: "vp8",
    bitrate: 0,
    meta: { a: { b: 1 } },
  };
  await client.call("media/room/create", { ...info, room_id: "full", timeout: 60 });
  await client.call("media/room/create", { class: "chat", room_id: "bare" });
  expect((await client.call("media/room/get_info", { room_id: "full" })).data).toEqual({
    ...info,
    members: {},
    status: {},
  });
  expect((await client.call("media/room/get_info", { room_id: "bare" })).data).toEqual({
    class: "chat",
    members: {},
    status: {},
  });
  expect(await client.call("media/room/get_info", { room_id: "none" })).toMatchObject({
    data: { code: 304001 },
  });
});

test("[R7] rooms and their logs survive a restart of the server", async () => {
  const data = dataDirectory();
  const first = await serverForTest({ data });
  const before = await RawClient.login(first.url, "ann", "s1");
  await before.call("media/room/create", { class: "chat", room_id: "kept", meta: { a: 1 } });
  await before.call("media/room/create", { class: "chat", room_id: "gone" });
  for (let i = 1; i <= 3; i++) await before.call("media/room/msglog_send", { room_id: "kept", msg: { i } });
  await before.call("media/room/destroy", { room_id: "gone" });
  const log = await before.call("media/room/msglog_get", { room_id: "kept" });
  await first.close();

  const second = await serverForTest({ data });
  const after = await RawClient.login(second.url, "bob");
  expect(await after.call("media/room/get_list")).toMatchObject({ data: [{ room_id: "kept" }] });
  expect((await after.call("media/room/get_info", { room_id: "kept" })).data.meta).toEqual({ a: 1 });
  expect((await after.call("media/room/msglog_get", { room_id: "kept" })).data).toEqual(log.data);
  expect(await after.call("media/room/msglog_send", { room_id: "kept", msg: {} })).toMatchObject({
    data: { msg_id: 4 },
  });
});
