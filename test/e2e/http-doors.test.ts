import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { basic, httpClient, httpOf, httpServer, plainExchange, statusAt } from "../support/http.ts";
import { RawClient } from "../support/raw-client.ts";
import { RawSocket } from "../support/raw-socket.ts";
import { serverForTest } from "../support/server.ts";
import { credentials, users } from "../support/with-users.ts";

const memory = { store: { kind: "memory" } } as const;
const GOOD = "https://good.example";

const PATHS = [
  "/",
  "/client.js",
  "/v1/rooms",
  "/v1/command",
  "/v1/openapi.json",
  "/v1/rooms/r/events",
  "/other",
];

test.for(PATHS)("[H1, L7] in open mode %s answers no strange page and no strange name", async (path) => {
  const { base } = await httpServer(memory);
  const ask = (headers: string) =>
    plainExchange(base, `GET ${path} HTTP/1.1\r\nConnection: close\r\n${headers}\r\n`);
  expect(await ask("Host: evil.example\r\n")).toMatch(/^HTTP\/1\.1 403 /);
  expect(await ask("Host: localhost\r\nOrigin: https://evil.example\r\n")).toMatch(/^HTTP\/1\.1 403 /);
  expect(await ask("Host: localhost\r\nHost: evil.example\r\n")).toMatch(/^HTTP\/1\.1 400 /);
});

const OF_PROXIES = [
  "Forwarded",
  "Via",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-Forwarded-Proto",
  "X-Real-IP",
  "X-Client-IP",
  "True-Client-IP",
  "CF-Connecting-IP",
];

test.for(OF_PROXIES)("[L7, O3] in open mode who comes with %s comes through a proxy", async (name) => {
  const headers = { [name]: "203.0.113.9" };
  const { get, server } = await httpServer(memory);
  for (const path of ["/v1/rooms", "/client.js", "/metrics"])
    expect((await get(path, headers)).status).toBe(403);
  await expect(RawSocket.connect(server.url, headers)).rejects.toThrow("HTTP/1.1 403");
  const behind = await httpServer({ ...memory, trusted_proxies: ["127.0.0.1"] });
  expect((await behind.get("/v1/rooms", headers)).status).toBe(200);
  expect((await behind.get("/metrics", headers)).status).toBe(403);
});

test.for(["/v1/rooms", "/v1/command", "/client.js"])(
  "[H1, T7] %s is not for pages beside the list",
  async (path) => {
    const services = { main: { listeners: [{ origins: [GOOD] }] } };
    const { get } = await httpServer({ ...memory, users, services });
    const answer = await get(path, { origin: "https://evil.example" });
    expect(answer.status).toBe(403);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  },
);

test("[H9] a page of the list may read answers and ask before it sends", async () => {
  const services = { main: { listeners: [{ origins: [GOOD] }] } };
  const { get } = await httpServer({ ...memory, users, services });
  const preflight = await get(
    "/v1/command",
    { origin: GOOD, "access-control-request-method": "POST" },
    "OPTIONS",
  );
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-origin")).toBe(GOOD);
  expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
  const refused = await get("/v1/rooms", { origin: GOOD });
  expect(refused.status).toBe(401);
  expect(refused.headers.get("access-control-allow-origin")).toBe(GOOD);
  const answer = await get("/v1/rooms", { origin: GOOD, ...basic("ann") });
  expect(answer.headers.get("access-control-expose-headers")).toContain("Link");
  for (const { headers } of [preflight, refused, answer]) {
    expect(headers.get("access-control-allow-credentials")).toBeNull();
    expect(headers.get("vary")).toContain("Origin");
  }
});

test("[T7] require_origin holds for the interface, not for the page", async () => {
  const services = { main: { listeners: [{ origins: [GOOD], require_origin: true }] } };
  const { get } = await httpServer({ ...memory, users, services });
  expect((await get("/v1/rooms", basic("ann"))).status).toBe(403);
  expect((await get("/", { accept: "text/html" })).status).toBe(200);
});

test("[H1] the listener with the longest path has a request; a slash behind it makes no difference", async () => {
  const services = { a: { listeners: [{ path: "/a" }] }, b: { listeners: [{ path: "/a/b/" }] } };
  const { url } = await serverForTest({ ...memory, services });
  const { get, post } = httpClient(new URL(url).origin.replace("ws:", "http:"));
  const create = (room_id: string) => ({
    class: "media",
    subclass: "room",
    cmd: "create",
    data: { class: "chat", room_id },
  });
  await post("/a/v1/command", create("of-a"));
  await post("/a/b/v1/command", create("of-b"));
  expect((await get("/a/v1/rooms")).body).toEqual([{ room_id: "of-a", class: "chat" }]);
  expect((await get("/a/b/v1/rooms")).body).toEqual([{ room_id: "of-b", class: "chat" }]);
  expect((await get("/a/b/v1/rooms")).headers.get("link")).toContain("</a/b/v1/rooms?");
  for (const path of ["/ab/v1/rooms", "/v1/rooms", "/b"]) expect((await get(path)).status).toBe(404);
  await RawClient.login(url.replace("/a", "/a/"));
});

test.for([
  "//public/internal/v1/rooms",
  "/public/../internal/v1/rooms",
  "/public/%2e%2e/internal/v1/rooms",
  "/public/.%2E/internal/v1/rooms",
  "/public\\..\\internal/v1/rooms",
  "/internal/./v1/rooms",
  "/internal/v1/rooms/..",
  "/internal/v1/rooms#",
  "http://localhost//internal/v1/rooms",
  "//x/metrics",
  "/a/%2e%2e/metrics",
])("[T2] %s is no other path, but 400", async (path) => {
  const { url } = await serverForTest({
    ...memory,
    services: { main: { listeners: [{ path: "/internal" }] } },
  });
  const ask = (target: string, more = "Connection: close\r\n") =>
    plainExchange(httpOf(new URL(url).origin), `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`);
  const upgrade =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
  expect(await ask(path)).toMatch(/^HTTP\/1\.1 400 /);
  expect(await ask(path, upgrade)).toMatch(/^HTTP\/1\.1 400 /);
  for (const plain of ["/internal/v1/rooms?prefix=//..", "http://localhost/internal/v1/rooms"])
    expect(await ask(plain)).toMatch(/^HTTP\/1\.1 200 /);
});

test("[H1] what is not there is 404 with JSON, another method is 405 with Allow", async () => {
  const { get } = await httpServer(memory);
  expect(await get("/v1/none")).toMatchObject({ status: 404, body: { error: expect.any(String) } });
  const wrong = await get("/v1/command");
  expect(wrong.status).toBe(405);
  expect(wrong.headers.get("allow")).toBe("POST");
  expect((await get("/v1/rooms/r/messages", {}, "DELETE")).headers.get("allow")).toBe("GET, POST");
});

test("[H8] a browser gets a page with strict headers, others 426; without page nobody gets it", async () => {
  const { get } = await httpServer(memory);
  const page = await get("/", { accept: "text/html,*/*;q=0.8" });
  expect(page.status).toBe(200);
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(page.headers.get("content-security-policy")).toMatch(
    /^default-src 'none'; script-src 'self'; style-src 'self';/,
  );
  expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  expect(page.headers.get("x-content-type-options")).toBe("nosniff");
  expect((await get("/")).status).toBe(426);
  const without = await httpServer({ ...memory, services: { main: { listeners: [{ page: false }] } } });
  for (const path of ["/", "/client.js"])
    expect((await without.get(path, { accept: "text/html" })).status).toBe(426);
});

test("[H8] a page below a path is sent to the address with a slash", async () => {
  const { url } = await serverForTest({ ...memory, services: { main: { listeners: [{ path: "/a/b" }] } } });
  const { get } = httpClient(httpOf(url));
  const sent = await get("/a/b?room=caf%C3%A9", { accept: "text/html" });
  expect(sent.status).toBe(308);
  // With the room that the link leads into.
  expect(new URL(sent.headers.get("location") as string, `${httpOf(url)}/a/b`).href).toBe(
    `${httpOf(url)}/a/b/?room=caf%C3%A9`,
  );
  expect((await get("/a/b/", { accept: "text/html" })).status).toBe(200);
});

test("[H8] client.js is one module, or says how to build it; nothing else of the disk is served", async () => {
  const { get, base } = await httpServer(memory);
  const client = await get("/client.js");
  if (client.status === 200)
    expect(client.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  else
    expect(client).toMatchObject({ status: 404, body: { error: expect.stringContaining("npm run build") } });
  for (const path of ["/page.jsx", "/index.html", "/page.css/..%2fx"])
    expect([404, 426]).toContain(await statusAt(base, path));
  for (const path of ["/%2e%2e/package.json", "/../package.json"])
    expect(await statusAt(base, path)).toBe(400);
});

test("[H2] a session ends after 30 s without a request, and 5 min after its login in any case", async () => {
  const clock = new ManualClock();
  const { server, get } = await httpServer({ ...memory, users, limits: { answer_seconds: 60 } }, { clock });
  const watcher = await RawClient.connect(server.url);
  await watcher.call("core/user/login", { user: "ann", password: "secret", session_id: "watcher" });
  const sessions = async () =>
    Object.keys((await watcher.call("core/user/get", { user: "ann" })).data).filter((id) => id !== "watcher");
  const pass = (seconds: number) => {
    for (let s = 0; s < seconds; s++) clock.advance(1000);
  };
  await get("/v1/rooms", basic("ann"));
  const [first] = await sessions();
  pass(20);
  await get("/v1/rooms", basic("ann"));
  expect(await sessions()).toEqual([first]);
  pass(36);
  expect(await sessions()).toEqual([]);
  await get("/v1/rooms", basic("ann"));
  const [second] = await sessions();
  for (let i = 0; i < 16; i++) {
    pass(20);
    await watcher.call("core/core/ping");
    await get("/v1/rooms", basic("ann"));
  }
  expect(await sessions()).not.toContain(second);
});

test("[H2] a command that changes its session has one of its own, which ends with the request", async () => {
  const { server, command } = await httpServer({ ...memory, users });
  await command("media/room/create", { class: "chat", room_id: "r" }, basic("ann"));
  await command("media/room/msglog_subscribe", { room_id: "r" }, basic("ann"));
  await command("core/event/subscribe", { class: "*" }, basic("ann"));
  const listed = await command("core/event/get_subscriptions", {}, basic("ann"));
  expect(listed.body.data.map(({ type }: { type: string }) => type)).toEqual(["*", "*"]);
  const client = await RawClient.connect(server.url);
  await client.call("core/user/login", credentials("bob"));
  expect(Object.keys((await client.call("core/user/get", { user: "bob" })).data)).toHaveLength(1);
});

test("[H1, T10] a body that comes too slowly is 408, and the connection ends", async () => {
  const { base } = await httpServer(memory);
  const began = performance.now();
  const answer = await plainExchange(
    base,
    "POST /v1/command HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
  );
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(performance.now() - began).toBeLessThan(14_000);
});

test("[H1] bytes that are no HTTP, and connections that break off, leave the server alive", async () => {
  const { base, get } = await httpServer(memory);
  const { port } = new URL(base);
  for (let i = 0; i < 20; i++) {
    const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
    onTestFinished(() => void socket.destroy());
    socket.write(
      i % 2 === 0
        ? randomBytes(1000)
        : "POST /v1/command HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{",
      () => socket.resetAndDestroy(),
    );
  }
  expect((await get("/v1/rooms")).status).toBe(200);
});

const HEAD = "POST /v1/rooms/r/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

test("[H2] the body of a request without credentials is not waited for", async () => {
  const { base, get } = await httpServer({ ...memory, users });
  const answer = plainExchange(base, `${HEAD}Connection: close\r\nContent-Length: 100\r\n\r\n{`);
  expect(await answer).toMatch(/^HTTP\/1\.1 401 /);
  expect((await get("/v1/rooms", basic("ann"))).status).toBe(200);
});

test("[H1] a body that breaks off is no error for the log", async () => {
  const errors: object[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error: (fields: object) => void errors.push(fields) };
  const { base, get } = await httpServer(memory, { logger });
  for (let n = 0; n < 10; n++) {
    const socket = connect(Number(new URL(base).port), "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    await new Promise((sent) => socket.write(`${HEAD}Content-Length: 100\r\n\r\n{`, sent));
    await get("/v1/rooms");
    socket.destroy();
  }
  for (let n = 0; n < 10; n++) await get("/v1/rooms");
  expect(errors).toEqual([]);
});

test("[H1] files of which nothing is taken are cut off after limits.stalled_seconds too", async () => {
  const { base } = await httpServer({ ...memory, limits: { stalled_seconds: 1 } });
  const greedy = connect(Number(new URL(base).port), "127.0.0.1").pause();
  onTestFinished(() => void greedy.destroy());
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
  greedy.on("error", () => {}).write("GET /page.js HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(900));
  await expect.poll(sockets).toBe(2);
  await expect.poll(sockets, { timeout: 15_000 }).toBeLessThan(2);
});
