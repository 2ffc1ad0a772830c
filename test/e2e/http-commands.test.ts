import { readdirSync, readFileSync } from "node:fs";
import { errorTexts } from "@roomlog/protocol";
import { expect, test } from "vitest";
import { statuses } from "../../packages/server/src/http/answers.ts";
import { basic, httpServer, plainExchange } from "../support/http.ts";
import { PASSWORD } from "../support/people.ts";
import { RawClient } from "../support/raw-client.ts";
import { SlowStore } from "../support/slow-store.ts";
import { users } from "../support/with-users.ts";

const memory = { store: { kind: "memory" } } as const;

test("[H3] a command is answered as in a frame, with tid and numbers as they were written", async () => {
  const { post } = await httpServer(memory);
  const create =
    '{"class":"media","subclass":"room","cmd":"create","data":{"class":"chat","room_id":"r"},"tid":[1.0]}';
  expect((await post("/v1/command", create)).text).toBe('{"result":"ok","data":{"room_id":"r"},"tid":[1.0]}');
  const send =
    '{"cmd":"msglog_send","class":"media","subclass":"room","data":{"room_id":"r","msg":{ "n":1e400,"i":12345678901234567890 }}}';
  expect((await post("/v1/command", send)).text).toBe('{"result":"ok","data":{"msg_id":1}}');
  const { text } = await post(
    "/v1/command",
    '{"class":"media","subclass":"room","cmd":"msglog_get","data":{"room_id":"r"},"tid":"t"}',
  );
  expect(text).toMatch(
    /^\{"result":"ok","data":\[\{ "n":1e400,"i":12345678901234567890 ,"msg_id":1,.*\],"tid":"t"\}$/,
  );
});

test("[H3] an empty result has no data, subclass is core by default", async () => {
  const { post } = await httpServer(memory);
  expect((await post("/v1/command", { class: "core", cmd: "ping" })).text).toBe('{"result":"ok"}');
});

test.for([
  [404, 304001, "media/room/get_info", { room_id: "none" }],
  [409, 304002, "media/room/create", { class: "chat", room_id: "r" }],
  [400, 100045, "media/room/get_info", {}],
  [400, 100044, "media/room/create", { class: "boat" }],
  [404, 100042, "core/core/none", {}],
  [404, 100006, "none/none/none", {}],
  [409, 304104, "media/room/msglog_subscribe", { room_id: "r", after: 5 }],
  [413, 304101, "media/room/msglog_send", { room_id: "r", msg: { text: "x".repeat(2000) } }],
  [409, 100032, "core/user/login", { user: "bob" }],
] as const)("[H3] status %i for the code %i", async ([status, code, name, data]) => {
  const { command } = await httpServer({
    ...memory,
    services: { main: { msglog: { max_message_bytes: 1024 } } },
  });
  await command("media/room/create", { class: "chat", room_id: "r" });
  const answer = await command(name, data);
  expect(answer).toMatchObject({ status, body: { result: "error", data: { code } } });
});

test("[H3] every code that has a status of its own is one that there is", () => {
  for (const code of Object.keys(statuses)) expect(errorTexts).toHaveProperty(code);
});

test("[H3] every code of the log, and every other that is thrown, has a status of its own, but an internal error", () => {
  const source = new URL("../../packages/server/src/", import.meta.url);
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const thrown = files.flatMap((name) =>
    Array.from(
      readFileSync(new URL(name, source), "utf8").matchAll(/RequestError\(\s*(\d{6})/g),
      ([, code]) => code,
    ),
  );
  const ofLog = Object.keys(errorTexts).filter((code) => code >= "304101");
  expect(thrown.length).toBeGreaterThan(50);
  const without = [...new Set([...thrown, ...ofLog])].filter(
    (code) => !Object.hasOwn(statuses, code as string),
  );
  expect(without).toEqual(["100002"]);
});

test("[H3, M22] a log on hold is a conflict, not an error of the server", async () => {
  const { command } = await httpServer(memory);
  await command("media/room/create", { class: "chat", room_id: "r" });
  await command("media/room/msglog_hold", { room_id: "r", hold: true, reason: "case 7" });
  expect(await command("media/room/msglog_purge", { room_id: "r", before: 1 })).toMatchObject({
    status: 409,
    body: { data: { code: 304111, reason: "case 7" } },
  });
});

test.for([
  ["no JSON", "{", 400],
  ["two values", '{"class":"core","cmd":"ping"} {}', 400],
  ["a way out of its place", '{"class":"core","cmd":"ping"},"x":{}', 400],
  ["a list", "[]", 400],
  ["nothing", "", 400],
  ["no class", '{"cmd":"ping"}', 400],
  ["a class that is a number", '{"class":1,"cmd":"ping"}', 400],
  ["data that is a list of something", '{"class":"core","cmd":"ping","data":[1]}', 400],
  ["200 levels", `{"class":"core","cmd":"ping","data":{"a":${"[".repeat(200)}${"]".repeat(200)}}}`, 400],
  ["too many values", `{"class":"core","cmd":"ping","data":{"a":[${"0,".repeat(70_000)}0]}}`, 400],
] as const)("[H3] a body with %s is refused and the server lives", async ([, body, status]) => {
  const { post } = await httpServer(memory);
  expect((await post("/v1/command", body)).status).toBe(status);
  expect((await post("/v1/command", { class: "core", cmd: "ping" })).status).toBe(200);
});

test("[H3] a body that is not UTF-8 is refused", async () => {
  const { base } = await httpServer(memory);
  const body = Buffer.concat([
    Buffer.from('{"class":"core","cmd":"ping","data":{"a":"'),
    Buffer.from([0xff]),
    Buffer.from('"}}'),
  ]);
  const answer = await fetch(`${base}/v1/command`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });
  expect(answer.status).toBe(400);
});

test.for([
  ["a form", "application/x-www-form-urlencoded"],
  ["plain text", "text/plain"],
  ["nothing like it", "text/application/json"],
])("[H3] what a page can send without asking, %s, is 415", async ([, type]) => {
  const { post } = await httpServer(memory);
  const answer = await post(
    "/v1/command",
    { class: "core", cmd: "ping" },
    { "content-type": type as string },
  );
  expect(answer.status).toBe(415);
});

test("[H1] a body over limits.frame_bytes is 413, whether it says its length or not", async () => {
  const { base, post } = await httpServer({ ...memory, limits: { frame_bytes: 2048 } });
  const long = JSON.stringify({ class: "core", cmd: "ping", data: { x: "x".repeat(3000) } });
  expect((await post("/v1/command", long)).status).toBe(413);
  const chunk = Buffer.from("x".repeat(1000)).toString("latin1");
  const chunked = await plainExchange(
    base,
    `POST /v1/command HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${`3e8\r\n${chunk}\r\n`.repeat(4)}0\r\n\r\n`,
  );
  expect(chunked).toMatch(/^HTTP\/1\.1 413 /);
});

test("[H1] requests that are sent at once on one connection are answered in their order, however many", async () => {
  const { base, command } = await httpServer({ ...memory, limits: { http_sessions: 1 } });
  await command("media/room/create", { class: "chat", room_id: "r" });
  const send = (n: number) => {
    const body = JSON.stringify({ n });
    return `POST /v1/rooms/r/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
  const get = "GET /v1/rooms/r HTTP/1.1\r\nHost: localhost\r\n";
  const answers = await plainExchange(
    base,
    `${Array.from({ length: 20 }, (_, n) => `${send(n)}${get}\r\n`).join("")}${get}Connection: close\r\n\r\n`,
  );
  const ids = Array.from(answers.matchAll(/\{"msg_id":(\d+)\}/g), ([, id]) => Number(id));
  expect(ids).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
});

test("[H2] without credentials or with wrong ones 401 with a challenge; Basic and UTF-8 are known", async () => {
  const { command, get } = await httpServer({ ...memory, users: [{ name: "änn", password: PASSWORD }] });
  for (const headers of [
    {},
    basic("änn", "wrong"),
    { authorization: "Bearer nonsense" },
    { authorization: "Digest x" },
  ]) {
    const answer = await get("/v1/rooms", headers as Record<string, string>);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe(
      'Bearer realm="roomlog", Basic realm="roomlog", charset="UTF-8"',
    );
    expect([100030, 100031]).toContain(answer.body.code);
  }
  expect(await command("media/room/create", { class: "chat" }, basic("änn"))).toMatchObject({ status: 200 });
});

test("[H2] a refused login is delayed (L3), rights are the user's own (403)", async () => {
  const { get, command } = await httpServer({
    ...memory,
    users: [{ name: "ann", password: PASSWORD, rights: ["room_read"] }],
  });
  const began = performance.now();
  await get("/v1/rooms", basic("ann", "wrong"));
  expect(performance.now() - began).toBeGreaterThanOrEqual(98);
  const refused = await command("media/room/create", { class: "chat" }, basic("ann"));
  expect(refused).toMatchObject({ status: 403, body: { data: { code: 100030 } } });
});

test("[H2] requests of one caller share at most limits.http_sessions sessions, others have their own", async () => {
  const { server, get } = await httpServer({ ...memory, users, limits: { http_sessions: 2 } });
  const all = Array.from({ length: 30 }, () => get("/v1/rooms", basic("ann")));
  for (const { status } of await Promise.all([...all, get("/v1/rooms", basic("bob"))]))
    expect(status).toBe(200);
  const client = await RawClient.connect(server.url);
  await client.call("core/user/login", { user: "bob", password: "secret", session_id: "watcher" });
  const seen = async (user: string) =>
    Object.values((await client.call("core/user/get", { user })).data ?? {});
  expect(await seen("bob")).toHaveLength(2);
  expect(await seen("bob")).toContainEqual({ type: "api_server", remote: "http:127.0.0.1" });
});

test("[H2] more requests than limits.requests_in_flight that wait for a session are 429", async () => {
  const store = new SlowStore();
  const limits = { http_sessions: 1, requests_in_flight: 3 };
  const { get, post, command } = await httpServer({ ...memory, users, limits }, { store });
  await command("media/room/create", { class: "chat", room_id: "r" }, basic("ann"));
  store.hold();
  const send = post("/v1/rooms/r/messages", { n: 1 }, basic("ann"));
  await store.held;
  const waiting = Array.from({ length: 10 }, () => get("/v1/rooms", basic("ann")));
  const refused = await Promise.race(waiting);
  expect(refused).toMatchObject({ status: 429, body: { code: 100050, limit: 3 } });
  expect(refused.headers.get("retry-after")).toBe("1");
  store.release();
  expect((await send).status).toBe(201);
  const answers = await Promise.all(waiting);
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(3);
});

test("[H2] a request that is cut keeps its session until its command is answered", async () => {
  const store = new SlowStore();
  const limits = { http_sessions: 1, requests_in_flight: 3 };
  const { base, get, command } = await httpServer({ ...memory, users, limits }, { store });
  await command("media/room/create", { class: "chat", room_id: "r" }, basic("ann"));
  store.hold();
  await cutSend(base, store.held);
  const waiting = Array.from({ length: 4 }, () => get("/v1/rooms", basic("ann")));
  expect((await Promise.race(waiting)).status).toBe(429);
  store.release();
  expect((await Promise.all(waiting)).filter(({ status }) => status === 200)).toHaveLength(3);
});

test("[H2] a request that is cut while it waits for a session is not begun", async () => {
  const store = new SlowStore();
  const limits = { http_sessions: 1, requests_in_flight: 1 };
  const { base, get, post, command } = await httpServer({ ...memory, users, limits }, { store });
  await command("media/room/create", { class: "chat", room_id: "r" }, basic("ann"));
  store.hold();
  const first = post("/v1/rooms/r/messages", { n: 1 }, basic("ann"));
  await store.held;
  await cutSend(base, settled(base));
  store.release();
  expect((await first).status).toBe(201);
  const { body } = await get("/v1/rooms/r/messages", basic("ann"));
  expect(body).toEqual([expect.objectContaining({ n: 1 })]);
});

/** Sends a message as ann, and breaks off after `when`; the server knows it. */
async function cutSend(base: string, when: Promise<unknown>): Promise<void> {
  const cut = new AbortController();
  const sent = fetch(`${base}/v1/rooms/r/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", ...basic("ann") },
    body: '{"n":2}',
    signal: cut.signal,
  });
  await when;
  cut.abort();
  await expect(sent).rejects.toThrow();
  await settled(base);
}

/** What was sent to the server before has reached it. */
async function settled(base: string): Promise<void> {
  for (let n = 0; n < 10; n++) await fetch(`${base}/healthz`);
}
