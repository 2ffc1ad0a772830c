import { readFileSync } from "node:fs";
import type { ConfigInput, Server } from "roomlog";
import { expect, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { inRoom, roomCalls } from "../support/in-room.ts";
import { RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";
import { withWebhook } from "../support/webhooks.ts";
import { users, withUsers } from "../support/with-users.ts";

/** What a scrape says: each sample by its name and labels. */
async function scrape(server: Server): Promise<ReadonlyMap<string, number>> {
  const { body } = await server.metrics();
  const samples = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    samples.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

const of = (name: string, labels = "") => `roomlog_${name}{service="main"${labels}}`;

test("[O3] sends, repeats, deliveries, rooms and bytes are counted", async () => {
  const { server, client, send, subscribe } = await inRoom();
  await subscribe();
  await send({ a: 1 });
  await send({ a: 2 }, { client_msg_id: "x" });
  await send({ a: 2 }, { client_msg_id: "x" });
  await client.settled();
  const found = await scrape(server);
  expect(found.get(of("sends_total"))).toBe(2);
  expect(found.get(of("repeated_sends_total"))).toBe(1);
  expect(found.get(of("deliveries_total"))).toBe(2);
  expect(found.get(of("rooms"))).toBe(1);
  expect(found.get(of("stored_bytes"))).toBe(2 * '{"a":1}'.length);
  expect(found.get(of("sessions"))).toBe(1);
  expect(found.get("roomlog_connections")).toBe(1);
  // login, create, subscribe, three sends, and the one that settles
  expect(found.get(of("requests_total"))).toBe(7);
  expect(found.get("roomlog_commit_writes_count")).toBe(server.counts.batches);
  expect(found.get("roomlog_commit_writes_sum")).toBe(server.counts.writes);
});

test("[O3] the time of a commit has the time of its fsync in it", async () => {
  const { server, send } = await inRoom();
  await send({});
  const found = await scrape(server);
  const [commit, sync] = ["commit", "commit_sync"].map(
    (name) => found.get(`roomlog_${name}_seconds_sum`) ?? 0,
  );
  expect(sync).toBeGreaterThan(0);
  expect(commit).toBeGreaterThan(sync as number);
  expect(found.get("roomlog_commit_sync_seconds_count")).toBe(server.counts.batches);
});

test("[O3] errors are counted by code, refusals by the setting of the limit", async () => {
  const clock = new ManualClock();
  const limits = { subscriptions: 1, login_seconds: 10 };
  const services = { main: { msglog: { max_message_bytes: 8 } } };
  const { server, send, client } = await inRoom({ limits, services }, { clock });
  await send({ long: "a message" });
  await client.call("core/event/subscribe", { class: "a" });
  await client.call("core/event/subscribe", { class: "b" });
  await client.call("media/room/msglog_get", { room_id: "nowhere" });
  const stranger = await RawClient.connect(server.urls[0] as string);
  clock.advance(11_000);
  await stranger.closed;
  const found = await scrape(server);
  expect(found.get(of("errors_total", ',code="304101"'))).toBe(1);
  expect(found.get(of("errors_total", ',code="304001"'))).toBe(1);
  expect(found.get(of("refusals_total", ',limit="msglog.max_message_bytes"'))).toBe(1);
  expect(found.get(of("refusals_total", ',limit="limits.subscriptions"'))).toBeGreaterThan(0);
  expect(found.get(of("closes_total", ',code="4004"'))).toBe(1);
  expect(found.get(of("refusals_total", ',limit="limits.login_seconds"'))).toBe(1);
});

test("[O3] who is over a rate is counted under its name", async () => {
  const rate = { requests: 1, requests_burst: 2, bytes: 1e6, bytes_burst: 1e6 };
  const { server, login } = await withUsers({ limits: { rates: { connection: rate } } });
  const { client } = await login("ann");
  for (let tid = 0; tid < 3; tid++) client.send({ class: "core", cmd: "ping", tid });
  await client.until(({ tid }) => tid === 2);
  const found = await scrape(server);
  expect(found.get(of("refusals_total", ',limit="limits.rates.connection.requests"'))).toBe(1);
});

test("[O3] who lags, and how many events wait", async () => {
  const { server, client, subscribe } = await inRoom({ limits: { window: 2 } });
  await subscribe();
  const other = roomCalls(await RawClient.login(server.urls[0] as string, "bob"));
  await other.sendMany(5);
  const found = await scrape(server);
  expect(found.get(of("sessions_lagging"))).toBe(1);
  expect(found.get(of("events_waiting"))).toBe(3);
  client.answering();
  await client.until(({ data }) => data?.body?.msg_id === 5);
  expect((await scrape(server)).get(of("sessions_lagging"))).toBe(0);
});

test("[O3] requests that become no connection are counted by HTTP status", async () => {
  const { server } = await inRoom();
  const response = await fetch((server.urls[0] as string).replace("ws:", "http:"), {
    headers: { origin: "https://elsewhere.example" },
  });
  expect(response.status).toBe(403);
  expect((await scrape(server)).get('roomlog_connections_refused_total{code="403"}')).toBe(1);
});

test("[O3] plain requests are counted by HTTP status, and the connections that carry them", async () => {
  const { server } = await inRoom();
  const base = (server.urls[0] as string).replace("ws:", "http:");
  for (const path of ["v1/rooms", "v1/rooms", "v1/none", "healthz"]) await (await fetch(base + path)).text();
  const found = await scrape(server);
  expect(found.get('roomlog_http_requests_total{code="200"}')).toBe(3);
  expect(found.get('roomlog_http_requests_total{code="404"}')).toBe(1);
  expect(found.get("roomlog_http_connections")).toBeGreaterThan(0);
});

test("[O3, W7] webhooks are counted, by their names", async () => {
  const { send, answers, told, letters, server } = await withWebhook();
  const number = async (name: string) =>
    (await scrape(server)).get(`roomlog_webhook_${name}{service="main",webhook="hook"}`);
  await send("r");
  await expect.poll(() => number("requests_total")).toBe(1);
  answers(410);
  await send("r");
  await expect.poll(letters).toHaveLength(1);
  expect(told).toHaveLength(2);
  for (const [name, value] of [
    ["requests_total", 2],
    ["failures_total", 1],
    ["dead_letters_total", 1],
    ["rooms_behind", 0],
    ["lag_seconds", 0],
  ] as const)
    await expect.poll(() => number(name)).toBe(value);
});

test("[O3] each service has its own numbers, and two servers in a process do not share any", async () => {
  const services = { main: {}, other: { listeners: [{ path: "/other" }] } };
  const first = await serverForTest({ services });
  const second = await serverForTest();
  await RawClient.login(first.urls[1] as string);
  const found = await scrape(first);
  expect(found.get('roomlog_sessions{service="other"}')).toBe(1);
  expect(found.get('roomlog_sessions{service="main"}')).toBe(0);
  expect((await scrape(second)).get("roomlog_connections")).toBe(0);
});

test("[O3] no room and no user is named", async () => {
  const { server, send, client } = await inRoom();
  await send({});
  await client.call("media/room/join", { room_id: "secret-room" });
  const { body } = await server.metrics();
  for (const name of ["secret-room", "ann", "s1", "127.0.0.1"]) expect(body).not.toContain(name);
});

test("[O3] a port answers /metrics", async () => {
  const { url } = await serverForTest();
  const response = await fetch(`${url.replace("ws:", "http:")}metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await response.text()).toContain("\nroomlog_connections 0\n");
});

test("[O3] not through a proxy; with a token to whom has it, also after a reload", async () => {
  let config: ConfigInput = { port: 0, store: { kind: "memory" }, users };
  const server = await serverForTest(config, { loadConfig: () => config });
  const url = `${server.url.replace("ws:", "http:")}metrics`;
  expect((await fetch(url, { headers: { "x-forwarded-for": "192.0.2.1" } })).status).toBe(403);
  const token = "0123456789abcdef";
  config = { ...config, metrics: { token } };
  await server.reload();
  const refused = await fetch(url);
  expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  const headers = { authorization: `Bearer ${token}`, "x-forwarded-for": "192.0.2.1" };
  expect((await fetch(url, { headers })).status).toBe(200);
});

test("docs/operations.md lists every metric, and no other", async () => {
  const { server, send } = await inRoom();
  await send({});
  const { body } = await server.metrics();
  const scraped = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => `${name} ${kind}`);
  const page = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
  const listed = [...page.matchAll(/^\| `((?:roomlog|process|nodejs)_\w+)` \| (\w+) \|/gm)];
  expect(listed.map(([, name, kind]) => `${name} ${kind}`).sort()).toEqual(scraped.sort());
});
