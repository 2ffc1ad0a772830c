import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Unanswered } from "../../packages/server/src/core/unanswered.ts";
import { RawClient } from "../support/raw-client.ts";
import { maskedFrame, RawSocket, upgrade } from "../support/raw-socket.ts";
import { serverForTest } from "../support/server.ts";

const memory = { store: { kind: "memory" } } as const;
const long = (bytes: number) => ({ text: "x".repeat(bytes - 11) });

test("[F10] a field that the server keeps has at most limits.field_bytes", async () => {
  const { url } = await serverForTest({ ...memory, limits: { field_bytes: 2048 } });
  const client = await RawClient.login(url);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  for (const [name, field, more] of [
    ["media/room/create", "meta", { class: "chat" }],
    ["media/room/join", "meta", { room_id: "r" }],
    ["media/room/set_status", "data", { room_id: "r", class: "c" }],
    ["media/room/send_info", "meta", { room_id: "r", info: "x" }],
    ["core/event/subscribe", "body", { class: "media" }],
    ["core/event/send", "body", { class: "app" }],
    ["core/user/send_event", "body", { user: "ann" }],
  ] as const) {
    expect(await client.call(name, { ...more, [field]: long(2048) })).toMatchObject({ result: "ok" });
    expect((await client.call(name, { ...more, [field]: long(2049) })).data).toEqual({
      code: 100044,
      error: `Syntax error: ${field}`,
      field,
      limit: 2048,
    });
  }
  expect(await client.call("media/room/msglog_send", { room_id: "r", msg: long(60_000) })).toMatchObject({
    data: { msg_id: 1 },
  });
});

test("[E2] a connection has at most limits.subscriptions", async () => {
  const { url } = await serverForTest({ ...memory, limits: { subscriptions: 5 } });
  const client = await RawClient.login(url);
  for (let i = 0; i < 3; i++) await client.call("core/event/subscribe", { class: `c${i}` });
  expect((await client.call("core/event/subscribe", { class: "c3" })).data).toEqual({
    code: 100050,
    error: "Too many requests",
    limit: 5,
  });
});

test("[R5] a room has at most 64 classes of status", async () => {
  const { url } = await serverForTest(memory);
  const client = await RawClient.login(url);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  const set = (i: number) =>
    client.call("media/room/set_status", { room_id: "r", class: `c${i}`, data: { i } });
  for (let i = 0; i < 64; i++) expect(await set(i)).toMatchObject({ result: "ok" });
  expect((await set(64)).data).toMatchObject({ code: 100050, field: "class", limit: 64 });
  expect(await set(0)).toMatchObject({ result: "ok" });
});

test("[R4] who joins while the room is destroyed and created again is in the life that answers", async () => {
  const { url } = await serverForTest();
  const [owner, guest] = [
    await RawClient.login(url, "owner"),
    (await RawClient.login(url, "guest", "g1")).answering(),
  ];
  const room = { class: "media", subclass: "room" };
  await owner.call("media/room/create", { class: "chat", room_id: "r" });
  for (let i = 0; i < 100; i++) {
    owner.send({ ...room, cmd: "destroy", data: { room_id: "r" }, tid: `d${i}` });
    owner.send({ ...room, cmd: "create", data: { class: "chat", room_id: "r" }, tid: `c${i}` });
    await sleep(Math.random() * 3);
    const joined = await guest.call("media/room/join", { room_id: "r" });
    await owner.until(({ tid }) => tid === `c${i}`);
    if (joined.result !== "ok") continue;
    const { members, epoch } = (await owner.call("media/room/join", { room_id: "r" })).data;
    if (epoch === joined.data.epoch) expect(Object.keys(members)).toContain("g1");
  }
});

test("[F5, C4] an answer that is too deep to be checked reaches nobody", async () => {
  const { url } = await serverForTest(memory);
  const [ann, bob] = [await RawClient.login(url, "ann"), await RawClient.login(url, "bob", "b1")];
  for (const result of ["ok", "error"]) {
    ann.send({
      class: "core",
      subclass: "session",
      cmd: "cmd",
      data: { session_id: "b1", class: "app", cmd: "x" },
      tid: result,
    });
    const { tid } = await bob.next();
    bob.send(`{"result":"${result}","data":{"a":${"[".repeat(70)}${"]".repeat(70)},"b":oops},"tid":${tid}}`);
    expect(await ann.until((frame) => frame.result)).toMatchObject({ data: { code: 100047 } });
  }
});

test("[F10] pings of a client that does not read are not answered, and cost no memory", async () => {
  const { url } = await serverForTest(memory);
  const socket = await RawSocket.connect(url);
  socket.pause();
  const pings = Buffer.concat(Array.from({ length: 2000 }, () => maskedFrame(0x89, "x".repeat(125))));
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 200; i++) {
    socket.write(pings);
    await sleep(2);
  }
  await sleep(300);
  expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  await RawClient.login(url);
});

test("[L7] a refused client that keeps its half of the connection open does not keep ours", async () => {
  const { url } = await serverForTest(memory);
  const { socket, response } = await upgrade(
    url,
    { Origin: "https://evil.example" },
    { allowHalfOpen: true },
  );
  expect(response).toMatch(/^HTTP\/1\.1 403 /);
  // Where the other end is gone, a write comes back as a reset.
  for (let i = 0; i < 100 && !socket.closed; i++) {
    socket.write("x");
    await sleep(10);
  }
  expect(socket.closed).toBe(true);
});

test("[C4, F10] relays to oneself, and of two sessions to each other, never hang", async () => {
  const { url } = await serverForTest(memory);
  const [ann, bob] = [
    (await RawClient.login(url, "ann", "a1")).answering(),
    (await RawClient.login(url, "bob", "b1")).answering(),
  ];
  const count = 600;
  const relay = (client: RawClient, session_id: string) => {
    for (let tid = 0; tid < count; tid++) {
      const data = { session_id, class: "app", cmd: "x" };
      client.send({ class: "core", subclass: "session", cmd: "cmd", data, tid });
    }
  };
  relay(ann, "a1");
  relay(ann, "b1");
  relay(bob, "a1");
  for (const [client, wanted] of [
    [ann, 2 * count],
    [bob, count],
  ] as const) {
    for (let answers = 0; answers < wanted; answers++) {
      const { result, data } = await client.until((frame) => frame.result);
      if (result === "error") expect(data.code).toBe(100050);
    }
  }
  expect(await ann.close()).toMatchObject({ code: 1005 });
});

test("[C4, F10] relays that are only acked hold nothing of what they brought", async () => {
  const { url } = await serverForTest({ ...memory, limits: { frame_values: 1_000_000 } });
  const [ann, bob] = [await RawClient.login(url, "ann"), await RawClient.login(url, "bob", "b1")];
  const wide = `[${Array(340_000).fill("{}").join(",")}]`;
  const before = process.memoryUsage().heapUsed;
  for (let tid = 0; tid < 30; tid++) {
    ann.send(
      `{"class":"core","subclass":"session","cmd":"cmd","tid":${tid},"data":{"session_id":"b1","class":"app","cmd":"x","data":{"x":${wide}}}}`,
    );
    bob.send({ ack: (await bob.next()).tid });
    bob.forget();
  }
  await bob.settled();
  // Parsed they would have 22 MB each; the text of the last few may not be collected yet.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(300_000_000);
});

test("[F8] tens of thousands of acks do not hold up the others", () => {
  const unanswered = new Unanswered();
  for (let tid = 1; tid <= 60_000; tid++) unanswered.addEvents(tid, 1, tid);
  for (let tid = 1; tid <= 60_000; tid++) unanswered.extend(tid, 1000 + tid, 10);
  for (let tid = 1; tid <= 60_000; tid++) unanswered.extend(tid, 100_000 + tid, 10);
  for (let i = 0; i < 100; i++) expect(unanswered.isOverdue(2000, 100_000, 5000)).toBe(false);
  expect(unanswered.isOverdue(100_001, 100_000, 5000)).toBe(true);
  for (let tid = 1; tid <= 60_000; tid++) unanswered.settle(tid, { result: "ok", data: undefined });
  expect(unanswered.events).toBe(0);
});

/** Frames of about 1 MiB, as wide as they can be. */
const WIDE = {
  "many fields": (mib: number) => `{${Array.from({ length: mib / 11 }, (_, i) => `"${i}":1`).join(",")}}`,
  "many empty objects in one field": (mib: number) => `{"meta":{"\\u0061":[${"{},".repeat(mib / 3 - 20)}0]}}`,
  "many numbers in one field": (mib: number) => `{"meta":{"a":[${"0,".repeat(mib / 2 - 20)}0]}}`,
};

test.for(Object.entries(WIDE))("[F11] a frame with %s is not parsed, but 4500", async ([, data]) => {
  const { url } = await serverForTest(memory);
  const client = await RawClient.login(url);
  client.send(`{"class":"core","subclass":"core","cmd":"ping","data":${data(2 ** 20 - 100)},"tid":1}`);
  expect(await client.closed).toEqual({
    code: 4500,
    reason: "limits.frame_values: over 65536 values in a frame",
  });
});

test("[F11] a message of the default size is never too wide", async () => {
  const { url } = await serverForTest(memory);
  const client = await RawClient.login(url);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  const room = '"class":"media","subclass":"room","cmd":"msglog_send","data":{"room_id":"r","msg":';
  for (const msg of [`{"":[${"{},".repeat(21_800)}0]}`, `{${'"":0,'.repeat(13_000)}"":0}`]) {
    client.send(`{${room}${msg}},"tid":"wide"}`);
    const answer = await client.until(({ tid }) => tid === "wide");
    expect(answer).toMatchObject({ result: "ok" });
  }
});
