import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { writeKeptUsers } from "../../packages/server/src/config/kept-users.ts";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { basic, httpServer, plainExchange } from "../support/http.ts";
import { PASSWORD } from "../support/people.ts";
import { receiver } from "../support/receiver.ts";
import { dataDirectory } from "../support/server.ts";
import { users } from "../support/with-users.ts";

const memory = { store: { kind: "memory" } } as const;

/** A connection that is kept, and the status of the first answer to what was written on it. */
async function kept(base: string, bytes: string): Promise<{ socket: Socket; status: number }> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname).on("error", () => {});
  onTestFinished(() => void socket.destroy());
  socket.write(bytes);
  const [head] = await once(socket, "data");
  return { socket, status: Number(/^HTTP\/1\.1 (\d+)/.exec(String(head))?.[1]) };
}

const GET = "GET /v1/rooms HTTP/1.1\r\nHost: localhost\r\n";

test("[Q5] connections that carry plain requests are bounded, and those that have gone count no more", async () => {
  const { base, get } = await httpServer({ ...memory, limits: { connections: 2 } });
  const first = await kept(base, `${GET}\r\n`);
  const second = await kept(base, `${GET}\r\n`);
  expect([first.status, second.status]).toEqual([200, 200]);
  const third = await plainExchange(base, `${GET}\r\n`);
  expect(third).toMatch(/^HTTP\/1\.1 503 /);
  expect(third).toMatch(/retry-after: 10\r\n/i);
  // What is known of the port is told all the same.
  expect((await get("/healthz")).status).toBe(200);
  first.socket.destroy();
  await expect.poll(async () => (await kept(base, `${GET}\r\n`)).status).toBe(200);
});

test("[H1] while a request waits for the one before, no more are read from its connection", async () => {
  const { base, get, command } = await httpServer(memory);
  await command("media/room/create", { class: "chat", room_id: "r" });
  const { socket, status } = await kept(base, GET.replace("/v1/rooms", "/v1/rooms/r/events").concat("\r\n"));
  expect(status).toBe(200);
  const MIB = 1_048_576;
  const heads = `${GET}X: ${"x".repeat(8000)}\r\n\r\n`;
  socket.write(heads.repeat((32 * MIB) / heads.length));
  // The server has had its turns: what it does not read then, it does not read.
  for (let n = 0; n < 50; n++) await get("/healthz");
  expect(socket.writableLength).toBeGreaterThan(16 * MIB);
});

test("[H1] what waited behind others is answered in its order, however much was read at once", async () => {
  const { base } = await httpServer(memory);
  const paths = Array.from({ length: 200 }, (_, n) => `/v1/rooms?prefix=${n}`);
  const bytes = paths.map(
    (path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(2000)}\r\n\r\n`,
  );
  const answered = await plainExchange(
    base,
    `${bytes.join("")}GET /v1/none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  );
  const prefixes = [...answered.matchAll(/prefix=(\d+)>; rel="first"/g)].map(([, n]) => Number(n));
  expect(prefixes).toEqual(paths.map((_, n) => n));
  expect(answered).toContain("HTTP/1.1 404 ");
});

test("[H2] the body of a request with wrong credentials is not waited for", async () => {
  const { base } = await httpServer({ ...memory, users });
  const { authorization } = basic("ann", "wrong");
  const head = `POST /v1/rooms/r/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: ${authorization}\r\n`;
  const answer = await kept(base, `${head}Content-Length: 1000000\r\n\r\n{`);
  expect(answer.status).toBe(401);
});

test("[H2, L17] who was removed, has another password or other rights is so for HTTP within a second", async () => {
  const data = dataDirectory();
  const ann = { name: "ann", password: PASSWORD, roles: [] };
  writeKeptUsers(data, [ann, { ...ann, name: "bob" }]);
  const clock = new ManualClock();
  const { get } = await httpServer({ data, store: { kind: "memory" } }, { clock });
  const status = async (user: string, path = "/v1/rooms") => {
    const answer = get(path, basic(user));
    // A refusal is delayed (L3).
    const waiting = setInterval(() => clock.advance(50), 5);
    const { status } = await answer.finally(() => clearInterval(waiting));
    return status;
  };
  expect([await status("ann"), await status("bob")]).toEqual([200, 200]);
  writeKeptUsers(data, [{ ...ann, name: "bob", rights: ["msglog_get"] }]);
  clock.advance(1000);
  expect([await status("ann"), await status("bob")]).toEqual([401, 403]);
  writeKeptUsers(data, [ann]);
  clock.advance(1000);
  expect([await status("ann"), await status("bob")]).toEqual([200, 401]);
});

test("[Q2] requests that no session counts are counted for their address", async () => {
  const rates = { address: { requests: 10, requests_burst: 5 } };
  const { get } = await httpServer({ ...memory, users, limits: { rates } }, { clock: new ManualClock() });
  const paths = ["/client.js", "/v1/openapi.json", "/v1/rooms", "/none", "/page.js"];
  for (const path of paths) expect((await get(path)).status).not.toBe(429);
  const refused = await get("/page.js");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  expect(refused.text).toContain("limits.rates.address.requests");
  expect((await get("/healthz")).status).toBe(200);
  const open = await httpServer({ ...memory, limits: { rates } }, { clock: new ManualClock() });
  for (let n = 0; n < 20; n++) expect((await open.get("/page.js")).status).toBe(200);
});

test("[L7] in open mode a page of another site asks the interface nothing, also without an Origin", async () => {
  const { get } = await httpServer(memory);
  const of = (site: string, mode = "no-cors") => ({ "sec-fetch-site": site, "sec-fetch-mode": mode });
  for (const path of ["/v1/rooms", "/v1/openapi.json", "/v1/rooms/r/events"])
    expect((await get(path, of("cross-site"))).status).toBe(403);
  for (const site of ["same-origin", "same-site", "none"])
    expect((await get("/v1/rooms", of(site))).status).toBe(200);
  // A link leads to the page.
  const page = await get("/", { accept: "text/html", ...of("cross-site", "navigate") });
  expect(page.status).toBe(200);
  const closed = await httpServer({ ...memory, users });
  expect((await closed.get("/v1/rooms", { ...of("cross-site"), ...basic("ann") })).status).toBe(200);
});

test("[H1] a request that would rather have HTTP/2 is answered as one of HTTP/1.1", async ({ skip }) => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isOld = major < 24 || (major === 24 && minor < 9);
  if (isOld) skip(`Node ${process.version} takes every Upgrade for one that is meant`);
  const { base } = await httpServer(memory);
  const h2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
  expect((await kept(base, `${GET}${h2c}\r\n`)).status).toBe(200);
});

test("[H2, L16] a session id that an authenticator gives is not for HTTP, so requests stand in nobody's way", async () => {
  const hook = await receiver();
  hook.answers(({ response }) => response.end(JSON.stringify({ user: "ann", session_id: "hers" })));
  const { get, command, events } = await httpServer({
    ...memory,
    authenticators: [{ kind: "webhook", url: hook.url, secret: "sixteen characters" }],
  });
  await command("media/room/create", { class: "chat", room_id: "r" }, basic("ann"));
  const stream = await events("/v1/rooms/r/events", basic("ann"));
  expect(await stream.next()).toMatchObject({ event: "subscribed" });
  const all = await Promise.all(Array.from({ length: 8 }, () => get("/v1/rooms", basic("ann"))));
  expect(all.map(({ status }) => status)).toEqual(Array(8).fill(200));
});
