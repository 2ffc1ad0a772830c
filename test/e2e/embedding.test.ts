import { once } from "node:events";
import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type ConfigInput, createServer } from "roomlog";
import { expect, onTestFinished, test } from "vitest";
import { httpClient, plainExchange } from "../support/http.ts";
import { RawClient } from "../support/raw-client.ts";
import { upgrade } from "../support/raw-socket.ts";
import { dataDirectory } from "../support/server.ts";
import { users } from "../support/with-users.ts";

const config = (more: ConfigInput = {}): ConfigInput => ({
  data: dataDirectory(),
  store: { kind: "memory" },
  limits: { ping_seconds: 0 },
  ...more,
});

/** An application with a route of its own, that listens. */
async function application(): Promise<{ app: Server; base: string }> {
  const app = createHttpServer((request, response) => response.end(`own ${request.method} ${request.url}`));
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  onTestFinished(() => {
    app.closeAllConnections();
    app.close();
  });
  return { app, base: `http://127.0.0.1:${(app.address() as AddressInfo).port}` };
}

test("[H10] on an application's server its own routes and ours stand side by side", async () => {
  const { app, base } = await application();
  await using server = await createServer(config(), { server: app });
  expect(server.urls).toEqual([`${base.replace("http", "ws")}/roomlog`]);
  const { get, post } = httpClient(base);
  for (const path of ["/", "/own", "/roomlogs", "/healthz", "/v1/rooms"])
    expect((await get(path)).text).toBe(`own GET ${path}`);
  const create = { class: "media", subclass: "room", cmd: "create", data: { class: "chat", room_id: "r" } };
  expect((await post("/roomlog/v1/command", create)).status).toBe(200);
  const client = await RawClient.login(server.urls[0] as string);
  expect((await client.call("media/room/msglog_send", { room_id: "r", msg: { n: 1 } })).data).toEqual({
    msg_id: 1,
  });
  expect((await get("/roomlog/v1/rooms/r/messages")).body).toMatchObject([{ n: 1, msg_id: 1 }]);
});

test.for(["//x/roomlog/v1/rooms", "/app/%2e%2e/roomlog/v1/rooms", "/app/../roomlog/v1/rooms"])(
  "[H10, T2] %s is the application's",
  async (path) => {
    const { app, base } = await application();
    const server = await createServer(config(), { server: app });
    onTestFinished(() => server.close());
    const answer = await plainExchange(
      base,
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toContain(`own GET ${path}`);
  },
);

test("[H10] the application's own upgrades and listeners that come later are left to it", async () => {
  const { app, base } = await application();
  await using server = await createServer(config(), { server: app });
  app.on("upgrade", (request, socket) => socket.end(`HTTP/1.1 418 own ${request.url}\r\n\r\n`));
  let heard = 0;
  app.on("request", () => {
    heard += 1;
  });
  const { response } = await upgrade(`${base.replace("http", "ws")}/own`);
  expect(response).toMatch(/^HTTP\/1\.1 418 own \/own/);
  await RawClient.login(server.urls[0] as string);
  await httpClient(base).get("/roomlog/v1/rooms");
  expect(heard).toBe(0);
  await httpClient(base).get("/own");
  expect(heard).toBe(1);
});

test("[H10] an upgrade that nobody wants is refused, not left hanging", async () => {
  const { app, base } = await application();
  await using _server = await createServer(config(), { server: app });
  expect((await upgrade(`${base.replace("http", "ws")}/own`)).response).toMatch(/^HTTP\/1\.1 404 /);
});

test("[H10] close ends our connections and leaves the server as it was", async () => {
  const { app, base } = await application();
  const before = [app.listenerCount("upgrade"), app.emit];
  const server = await createServer(config(), { server: app });
  const client = await RawClient.login(server.urls[0] as string);
  await server.close();
  expect(await client.closed).toMatchObject({ code: 1001 });
  expect([app.listenerCount("upgrade"), app.emit]).toEqual(before);
  expect(app.listening).toBe(true);
  expect((await httpClient(base).get("/roomlog/v1/rooms")).text).toBe("own GET /roomlog/v1/rooms");
});

test("[H10] a server may begin to listen later", async () => {
  const app = createHttpServer();
  onTestFinished(() => void app.close());
  await using server = await createServer(config(), { server: app });
  expect(server.urls).toEqual([]);
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  await RawClient.login(server.urls[0] as string);
});

test("[H10] a path for all, or two ports, are refused with a sentence", async () => {
  const { app } = await application();
  const on = (listeners: object[]) =>
    createServer(config({ services: { main: { listeners } } } as ConfigInput), { server: app });
  await expect(on([{ path: "/" }])).rejects.toThrow('"/" would take every path of your own server');
  await expect(on([{ path: "/a" }, { path: "/b", port: 1 }])).rejects.toThrow("all listeners share its port");
});

test("[H10, L7] in open mode who comes from another machine is not let in", async () => {
  const { app, base } = await application();
  await using _open = await createServer(config({ trusted_proxies: ["127.0.0.1"] }), { server: app });
  const { get } = httpClient(base);
  expect((await get("/roomlog/v1/rooms", { "x-forwarded-for": "203.0.113.7" })).status).toBe(403);
  expect((await get("/roomlog/v1/rooms")).status).toBe(200);
});

test("[H10] with users others are let in, as anywhere", async () => {
  const { app, base } = await application();
  await using _server = await createServer(config({ trusted_proxies: ["127.0.0.1"], users }), {
    server: app,
  });
  const { get } = httpClient(base);
  expect((await get("/roomlog/v1/rooms", { "x-forwarded-for": "203.0.113.7" })).status).toBe(401);
});
