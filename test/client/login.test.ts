import { Client, type ClientOptions } from "@roomlog/client";
import type { ConfigInput } from "roomlog";
import { ManualClock } from "roomlog/testing";
import { expect, onTestFinished, test } from "vitest";
import { becomes, clientFor } from "../support/client.ts";
import { people } from "../support/people.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";
import { SECRET, token } from "../support/tokens.ts";
import { Way } from "../support/way.ts";

const jwt: NonNullable<ConfigInput["authenticators"]>[number] = {
  kind: "jwt",
  issuer: "issuer",
  audience: "roomlog",
  keys: [{ algorithm: "HS256", secret: SECRET }],
};

/** A server that takes tokens, behind a way, and a source of them that counts; each is good for `seconds`. */
async function withTokens(seconds: number, limits: ConfigInput["limits"] = {}) {
  const clock = new ManualClock();
  const timers = new ManualClock();
  const config: ConfigInput = { data: dataDirectory(), authenticators: [jwt], limits: { ...limits } };
  const { url } = await serverForTest(config, { clock });
  const way = await Way.listen(url);
  onTestFinished(() => way.close());
  let asked = 0;
  let newest: Promise<string> | undefined;
  const source = () => {
    asked += 1;
    const exp = Math.floor(clock.wallNow / 1_000_000) + seconds;
    newest = token({ iss: "issuer", aud: "roomlog", sub: "ann", exp });
    return newest;
  };
  const connect = (options: ClientOptions) => clientFor(way.url, { user: undefined, ...options });
  return { url, way, clock, timers, source, connect, asked: () => asked, made: () => newest };
}

/** Refusals are told after a while (L3). */
function letTimePass(clock: ManualClock): void {
  const passing = setInterval(() => clock.advance(100), 10);
  onTestFinished(() => clearInterval(passing));
}

test("[L3] wrong credentials reject at once", async () => {
  const { url } = await people({ ann: ["*"] });
  const connecting = Client.connect(url, { user: "ann", password: "wrong" });
  await expect(connecting).rejects.toMatchObject({ name: "CallError", code: 100030 });
});

test("[L6] a login that makes no sense rejects", async () => {
  const { url } = await serverForTest();
  await expect(Client.connect(url, { user: "" })).rejects.toMatchObject({ code: 100044 });
});

test("[L4] a session id that somebody else has rejects", async () => {
  const { url } = await people({ ann: ["*"] });
  const credentials = { user: "ann", password: "secret", session_id: "s1" };
  await clientFor(url, credentials);
  await expect(Client.connect(url, credentials)).rejects.toMatchObject({ code: 100034 });
});

test("[L9] a login that is too large rejects", async () => {
  const { url } = await serverForTest();
  const connecting = Client.connect(url, { user: "ann", meta: { text: "x".repeat(2_000_000) } });
  await expect(connecting).rejects.toMatchObject({ name: "ConnectionLost", code: 1009 });
});

test("what a token source throws at the first login rejects", async () => {
  const { connect } = await withTokens(60);
  const connecting = connect({
    token: () => {
      throw new Error("nobody is logged in");
    },
  });
  await expect(connecting).rejects.toThrow("nobody is logged in");
});

test("[L13] after a lost connection the session is resumed, and the token source is not asked", async () => {
  const { way, connect, source, asked } = await withTokens(3600);
  const client = await connect({ token: source });
  const before = client.state;
  way.cut();
  await becomes(client, "waiting");
  await becomes(client, "open");
  expect(client.state).toEqual(before);
  expect(asked()).toBe(1);
});

test("[L13] when the server does not resume, the credentials are given, for the same session", async () => {
  const { url, way, clock, connect, source, asked } = await withTokens(3600);
  const client = await connect({ token: source });
  const before = client.state;
  way.target = undefined;
  way.cut();
  await becomes(client, "waiting");
  clock.advance(301_000);
  letTimePass(clock);
  way.target = url;
  await becomes(client, "open");
  expect(client.state).toEqual(before);
  expect(asked()).toBe(2);
});

test("[L12] [L13] it keeps itself resumable, and asks for a new token before the old one ends", async () => {
  const { clock, timers, connect, source, asked, made } = await withTokens(700);
  const client = await connect({ token: source, timers });
  const states: string[] = [];
  client.onState(({ kind }) => states.push(kind));
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 5) {
      clock.advance(5000);
      timers.advance(5000);
      // A refresh that has begun is answered before the ping (F6).
      await made();
      await client.call("core/core/ping", {});
    }
  };
  await pass(300);
  expect(asked()).toBe(1);
  await pass(1500);
  expect(asked()).toBeGreaterThanOrEqual(3);
  expect(asked()).toBeLessThanOrEqual(6);
  expect(states).toEqual([]);
});

test("[L12] a login whose end has come is made anew with a new token", async () => {
  const { clock, connect, source, asked } = await withTokens(60);
  // Time passes for the server alone, so it does not refresh in time.
  const client = await connect({ token: source });
  const states: unknown[] = [];
  client.onState((state) => states.push(state));
  clock.advance(62_000);
  await becomes(client, "waiting");
  await becomes(client, "open");
  expect(states[0]).toMatchObject({ kind: "waiting", reason: { code: 4005 } });
  expect(asked()).toBe(2);
});

test("[L12] a token that lives for months is not asked for again at once", async () => {
  const { connect, source, asked } = await withTokens(60 * 86_400, { resume_seconds: 0 });
  const client = await connect({ token: source });
  for (let n = 0; n < 20; n++) await client.call("core/core/ping", {});
  expect(asked()).toBe(1);
});

test("[T3] a token that is no source is the end when its time has come", async () => {
  const { clock, connect, source } = await withTokens(60);
  const client = await connect({ token: await source() });
  clock.advance(62_000);
  letTimePass(clock);
  await becomes(client, "closed");
  expect(client.state).toMatchObject({ kind: "closed", reason: { code: 100030 } });
});
