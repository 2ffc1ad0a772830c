import { expect, test } from "vitest";
import { networkOf } from "../../packages/server/src/core/visitors.ts";
import { RawClient } from "../support/raw-client.ts";
import { upgrade } from "../support/raw-socket.ts";
import { serverForTest } from "../support/server.ts";
import { credentials, withUsers } from "../support/with-users.ts";

const ok = { result: "ok" };

test("[Q5] over limits.connections an upgrade gets 503 with Retry-After, until one has gone", async () => {
  const { url } = await serverForTest({ store: { kind: "memory" }, limits: { connections: 2 } });
  const [first] = [await RawClient.login(url), await RawClient.connect(url)];
  const { response } = await upgrade(url);
  expect(response).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
  expect(response).toMatch(/\r\nretry-after: 10\r\n/);
  expect(response).toContain("2 connections");
  await first.close();
  await RawClient.login(url);
});

test("[Q5] connections that have not logged in are few for one address; a login or an end makes room", async () => {
  const { url, login } = await withUsers({ limits: { handshakes_per_address: 2 } });
  const stranger = await RawClient.connect(url);
  await login();
  await RawClient.connect(url);
  const { response } = await upgrade(url);
  expect(response).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/);
  expect(response).toMatch(/\r\nretry-after: 1\r\n/);
  await stranger.close();
  expect((await login()).answer).toMatchObject(ok);
});

test("[Q5, L7] in open mode strangers are not counted", async () => {
  const { url } = await serverForTest({ store: { kind: "memory" }, limits: { handshakes_per_address: 1 } });
  for (let i = 0; i < 3; i++) await RawClient.connect(url);
});

test("[Q5] an IPv4 address is one in IPv6 clothes too, of IPv6 a /64 network is one", () => {
  expect(networkOf("::ffff:192.0.2.7")).toBe(networkOf("192.0.2.7"));
  expect(networkOf("2001:db8:1:2::1")).toBe(networkOf("2001:0db8:0001:0002:ffff:ffff:ffff:ffff"));
  expect(networkOf("2001:db8::1")).toBe(networkOf("2001:db8:0:0:1:2:3:4"));
  expect(networkOf("fe80::1%eth0")).toBe(networkOf("fe80::2"));
  expect(networkOf("2001:db8:1:2::1")).not.toBe(networkOf("2001:db8:1:3::1"));
  expect(networkOf("192.0.2.7")).not.toBe(networkOf("192.0.2.8"));
});

test("[Q6] a user has at most limits.sessions_per_user, another one is not touched by it", async () => {
  const { login } = await withUsers({ limits: { sessions_per_user: 2 } });
  const { client } = await login();
  await login();
  const { client: third, answer } = await login();
  expect(answer.data).toEqual({ code: 100050, error: "Too many requests", limit: 2 });
  expect((await login("bob")).answer).toMatchObject(ok);
  await client.close();
  expect(await third.call("core/user/login", credentials("ann"))).toMatchObject(ok);
});

test("[Q6, L4] a session that is taken over does not count", async () => {
  const { clock, login } = await withUsers({ limits: { sessions_per_user: 1 } });
  const { client } = await login("ann", "s1");
  const again = login("ann", "s1");
  await client.next();
  clock.advance(2000);
  expect((await again).answer).toMatchObject(ok);
});

test("[Q6, L7] in open mode a user has as many sessions as he likes", async () => {
  const { url } = await serverForTest({ store: { kind: "memory" }, limits: { sessions_per_user: 1 } });
  for (let i = 0; i < 3; i++) await RawClient.login(url, "ann");
});

test("[Q1, C10] core/server/info shows the limits as they are", async () => {
  const { login } = await withUsers({ limits: { sessions_per_user: 7, rates: { user: { requests: 300 } } } });
  const { client } = await login();
  const { limits } = (await client.call("core/server/info")).data;
  expect(limits).toMatchObject({
    frame_bytes: 1_048_576,
    sessions_per_user: 7,
    rates: { connection: { requests: 50, requests_burst: 200 }, user: { requests: 300 } },
  });
});
