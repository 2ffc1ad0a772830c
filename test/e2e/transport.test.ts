import { readFileSync } from "node:fs";
import { createServer } from "roomlog";
import { expect, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { RawClient } from "../support/raw-client.ts";
import { maskedFrame, RawSocket, upgrade } from "../support/raw-socket.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";
import { SlowStore } from "../support/slow-store.ts";
import { tlsFile, tlsSocket, upgraded } from "../support/tls-socket.ts";

const TEXT = 0x81;

test("[T1] speaks WebSocket in text frames, one JSON document each", async () => {
  const { url } = await serverForTest();
  expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/$/);
  const client = await RawClient.connect(url);
  client.send(` {"class":"core","cmd":"x","tid":1}\n`);
  expect(await client.nextText()).toBe(
    '{"result":"error","data":{"code":100031,"error":"Not authenticated"},"tid":1}',
  );
  client.send("{}{}");
  expect(await client.closed).toMatchObject({ code: 4500 });
});

test("[T1] the default is ws://127.0.0.1:9010/", async () => {
  const { configSchema } = await import("../../packages/server/src/config/config.ts");
  expect(configSchema.parse({})).toMatchObject({ host: "127.0.0.1", port: 9010 });
});

test("[T1] with a certificate a listener speaks wss, on 9011 by default", async () => {
  const tls = { cert: tlsFile("cert.pem"), key: tlsFile("key.pem") };
  const { urls } = await serverForTest({
    services: { main: { listeners: [{ port: 0, tls }] } },
  });
  expect(urls).toEqual([expect.stringMatching(/^wss:\/\/127/)]);
  const socket = await tlsSocket(urls[0] as string, {
    ca: readFileSync(tls.cert),
    rejectUnauthorized: true,
  });
  expect(await upgraded(socket)).toMatch(/^HTTP\/1\.1 101 /);
  const twice = { services: { main: { listeners: [{ tls }, { tls }] } } };
  await expect(createServer({ data: dataDirectory(), ...twice })).rejects.toThrow("127.0.0.1:9011/ belongs");
  const missing = { ...tls, key: "/nonexistent.pem" };
  await expect(
    createServer({ data: dataDirectory(), services: { main: { listeners: [{ port: 0, tls: missing }] } } }),
  ).rejects.toThrow("/nonexistent.pem");
});

test("[T2] services share a port under different paths, and / takes the rest", async () => {
  const { urls, url } = await serverForTest({
    services: { one: { listeners: [{ path: "/one" }] }, rest: { listeners: [{ path: "/" }] } },
  });
  expect(urls.map((each) => new URL(each).pathname)).toEqual(["/one", "/"]);
  const one = await RawClient.login(url);
  await one.call("media/room/create", { class: "chat", room_id: "r1" });
  for (const path of ["/", "/other", "/one/x"]) {
    const rest = await RawClient.login(new URL(path, url).href);
    expect(await rest.call("media/room/get_list")).toMatchObject({ data: [] });
  }
});

test("[T2] a plain HTTP request to a listener is 426 with a sentence", async () => {
  const { url } = await serverForTest({ store: { kind: "memory" } });
  const response = await fetch(url.replace("ws:", "http:"));
  expect(response.status).toBe(426);
  expect(await response.text()).toContain("Roomlog speaks WebSocket here; connect with a ws:// address");
});

test("[T2] services may have ports of their own", async () => {
  const [a, b] = [
    { host: "127.0.0.1", port: 0 },
    { host: "localhost", port: 0 },
  ];
  const { urls } = await serverForTest({ services: { a: { listeners: [a] }, b: { listeners: [b] } } });
  expect(new Set(urls.map((url) => new URL(url).port)).size).toBe(2);
  const [one, two] = [await RawClient.login(urls[0] as string), await RawClient.login(urls[1] as string)];
  await one.call("media/room/create", { class: "chat", room_id: "r" });
  expect(await two.call("media/room/get_list")).toMatchObject({ data: [] });
});

test("[T2] an unknown path is HTTP 404", async () => {
  const { url } = await serverForTest({ services: { one: { listeners: [{ path: "/one" }] } } });
  const { response } = await upgrade(new URL("/two", url).href);
  expect(response).toMatch(/^HTTP\/1\.1 404 /);
  expect(response).toContain("There is no service at /two.");
});

test("[T2] two services cannot have the same listener", async () => {
  const both = { listeners: [{ path: "/" }] };
  await expect(
    createServer({ port: 0, data: dataDirectory(), services: { a: both, b: both } }),
  ).rejects.toThrow('belongs to the service "a"');
});

test.for([
  ["a binary frame", 1003, "text frames only", [maskedFrame(0x82, "x")]],
  ["invalid UTF-8", 1007, "invalid UTF-8", [maskedFrame(TEXT, Uint8Array.of(0xff, 0xfe))]],
  ["a surrogate in UTF-8", 1007, "invalid UTF-8", [maskedFrame(TEXT, Uint8Array.of(0xed, 0xa0, 0x80))]],
  ["an unknown opcode", 1002, "WebSocket protocol error", [maskedFrame(0x83, "x")]],
  ["a reserved bit", 1002, "WebSocket protocol error", [maskedFrame(0xc1, "x")]],
  ["an unmasked frame", 1002, "WebSocket protocol error", [Buffer.from([TEXT, 1, 0x78])]],
  ["a lone continuation", 1002, "WebSocket protocol error", [maskedFrame(0x80, "x")]],
  ["a long ping", 1002, "WebSocket protocol error", [maskedFrame(0x89, "x".repeat(126))]],
  ["a large frame", 1009, "limits.frame_bytes", [maskedFrame(TEXT, "x".repeat(2049))]],
  [
    "many fragments",
    1008,
    "limits.fragments",
    [maskedFrame(0x01, "x"), ...Array.from({ length: 8 }, () => maskedFrame(0x00, "x"))],
  ],
  ["invalid JSON", 4500, "invalid JSON", [maskedFrame(TEXT, "{")]],
  ["an array", 4500, "a frame is one JSON object", [maskedFrame(TEXT, "[]")]],
  ["a frame without tid", 4500, "missing field: tid", [maskedFrame(TEXT, '{"class":"core","cmd":"x"}')]],
] as const)("[T3] %s closes with %d and says why", async ([, code, reason, frames]) => {
  const { url } = await serverForTest({ limits: { frame_bytes: 2048, fragments: 8 } });
  const socket = await RawSocket.connect(url);
  socket.write(...frames);
  const closed = await socket.closed();
  expect(closed.code).toBe(code);
  expect(closed.reason).toContain(reason);
  expect(Buffer.byteLength(closed.reason)).toBeLessThanOrEqual(123);
});

test("[T3] nothing behind a binary frame is executed", async () => {
  const { url } = await serverForTest();
  const client = await RawClient.login(url);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  const socket = await RawSocket.connect(url);
  const frame = (value: object) => maskedFrame(TEXT, JSON.stringify(value));
  socket.write(
    frame({ class: "core", subclass: "user", cmd: "login", data: { user: "bob", session_id: "b1" }, tid: 1 }),
  );
  await socket.texts(2);
  const send = {
    class: "media",
    subclass: "room",
    cmd: "msglog_send",
    data: { room_id: "r", msg: {} },
    tid: 2,
  };
  socket.write(maskedFrame(0x82, "x"), frame(send));
  expect(await socket.closed()).toEqual({ code: 1003, reason: "text frames only" });
  socket.write(frame(send));
  await client.settled();
  expect((await client.call("media/room/msglog_get", { room_id: "r" })).data).toEqual([]);
  expect((await client.call("core/user/list")).data).not.toHaveProperty("bob");
});

test("[T3] a frame of exactly the limit is received", async () => {
  const { url } = await serverForTest({ limits: { frame_bytes: 2048 } });
  const client = await RawClient.connect(url);
  const frame = '{"class":"core","cmd":"x","tid":1}';
  client.send(frame.padEnd(2048));
  expect(await client.next()).toMatchObject({ result: "error", tid: 1 });
});

test("[T3] compression is not negotiated", async () => {
  const { url } = await serverForTest();
  const { response } = await upgrade(url, { "Sec-WebSocket-Extensions": "permessage-deflate" });
  expect(response).toMatch(/^HTTP\/1\.1 101 /);
  expect(response.toLowerCase()).not.toContain("sec-websocket-extensions");
});

test("[T3] a connection that breaks off in mid-frame leaves the server alive", async () => {
  const { url } = await serverForTest();
  for (let bytes = 1; bytes < 30; bytes += 4) {
    const { socket } = await upgrade(url);
    socket.write(maskedFrame(TEXT, "x".repeat(100)).subarray(0, bytes));
    socket.resetAndDestroy();
  }
  await RawClient.login(url);
});

test("[T4] without a frame in either direction a connection is closed with 4000", async () => {
  const clock = new ManualClock();
  const { url } = await serverForTest({ store: { kind: "memory" } }, { clock });
  const [silent, talking, listening] = [
    await RawClient.login(url),
    await RawClient.login(url),
    await RawClient.login(url),
  ];
  await listening.call("core/event/subscribe", { class: "media" });
  for (let minute = 0; minute < 4; minute++) {
    await talking.call("media/room/create", { class: "chat" });
    listening.send({ result: "ok", tid: (await listening.next()).tid });
    await talking.call("media/room/get_list");
    clock.advance(59_000);
  }
  expect(await silent.closed).toMatchObject({
    code: 4000,
    reason: expect.stringContaining("limits.idle_seconds"),
  });
  for (const client of [talking, listening]) {
    expect(await client.call("media/room/get_list")).toMatchObject({ result: "ok" });
  }
});

test("[T4] a ping of the WebSocket protocol counts as traffic", async () => {
  const clock = new ManualClock();
  const { url } = await serverForTest({ store: { kind: "memory" } }, { clock });
  const socket = await RawSocket.connect(url);
  const login = { class: "core", subclass: "user", cmd: "login", data: { user: "ann" }, tid: 1 };
  socket.write(maskedFrame(TEXT, JSON.stringify(login)));
  await socket.texts(2);
  for (let minute = 1; minute <= 5; minute++) {
    socket.write(maskedFrame(0x89, "x"));
    await socket.pongs(minute);
    clock.advance(60_000);
  }
  socket.write(maskedFrame(TEXT, '{"class":"core","cmd":"ping","tid":2}'));
  expect((await socket.texts(3))[2]).toBe('{"result":"ok","tid":2}');
});

test("[T5] a stop finishes what runs, then closes with 1001", async () => {
  const store = new SlowStore();
  const server = await serverForTest({}, { store });
  const client = await RawClient.login(server.url);
  await client.call("media/room/create", { class: "chat", room_id: "r1" });
  store.hold();
  client.send({
    class: "media",
    subclass: "room",
    cmd: "msglog_send",
    data: { room_id: "r1", msg: {} },
    tid: 1,
  });
  await store.held;
  const closing = server.close();
  store.release();
  expect(await client.next()).toMatchObject({ result: "ok", tid: 1 });
  expect(await client.closed).toEqual({ code: 1001, reason: "the server is stopping" });
  await closing;
});

test("[T5] while the server stops, new requests get a retryable error", async () => {
  const slow = new SlowStore();
  const server = await serverForTest({}, { store: slow });
  const [client, other] = [await RawClient.login(server.url), await RawClient.login(server.url)];
  await client.call("media/room/create", { class: "chat", room_id: "r1" });
  slow.hold();
  const send = client.call("media/room/msglog_send", { room_id: "r1", msg: {} });
  await slow.held;
  const closing = server.close();
  expect(await other.call("media/room/get_list")).toMatchObject({
    data: { code: 100051, error: "Service is stopping", retry_after_ms: 1000 },
  });
  slow.release();
  expect(await send).toMatchObject({ data: { msg_id: 1 } });
  await closing;
});

test("[T5] a stop takes no further connections, and waits limits.drain_seconds at most", async () => {
  const clock = new ManualClock();
  const store = new SlowStore();
  const server = await serverForTest({ limits: { drain_seconds: 3 } }, { store, clock });
  const client = await RawClient.login(server.url);
  await client.call("media/room/create", { class: "chat", room_id: "r1" });
  store.hold();
  client.send({
    class: "media",
    subclass: "room",
    cmd: "msglog_send",
    data: { room_id: "r1", msg: {} },
    tid: 1,
  });
  await store.held;
  const closing = server.close();
  await expect(RawSocket.connect(server.url)).rejects.toThrow();
  clock.advance(3000);
  expect(await client.closed).toMatchObject({ code: 1001 });
  store.release();
  await closing;
});

test("[T5] sessions are closed in batches with a pause between them", async () => {
  const server = await serverForTest({ limits: { drain_sessions: 2, drain_pause_ms: 40 } });
  const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.login(server.url)));
  const began = performance.now();
  await server.close();
  for (const client of clients) expect(await client.closed).toMatchObject({ code: 1001 });
  expect(performance.now() - began).toBeGreaterThanOrEqual(78);
});
