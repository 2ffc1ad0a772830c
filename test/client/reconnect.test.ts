import { type AddressInfo, createServer } from "node:net";
import { Client, type ClientState, ConnectionLost } from "@roomlog/client";
import { ManualClock } from "roomlog/testing";
import { expect, onTestFinished, test } from "vitest";
import { becomes, behindWay, clientFor } from "../support/client.ts";
import { people } from "../support/people.ts";
import { serverForTest } from "../support/server.ts";
import { withUsers } from "../support/with-users.ts";

/** Somewhere where nobody listens. */
async function nowhere(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `ws://127.0.0.1:${port}/`;
}

test("the state is told, and how to stop hearing of it", async () => {
  const { url, way, direct } = await behindWay();
  const first: string[] = [];
  const client = await clientFor(url, { onState: ({ kind }) => first.push(kind) });
  expect(client.state).toEqual({ kind: "open", session_id: expect.any(String) });
  const states: ClientState[] = [];
  const off = client.onState((state) => states.push(state));
  way.target = undefined;
  way.cut();
  await becomes(client, "waiting");
  expect(states[0]).toMatchObject({
    kind: "waiting",
    retry_in_ms: 10,
    reason: { name: "ConnectionLost", code: 1006 },
  });
  way.target = direct;
  await becomes(client, "open");
  off();
  const heard = states.length;
  await client.close();
  expect(client.state).toEqual({ kind: "closed" });
  expect(states.length).toBe(heard);
  expect([first[0], first[1], first.at(-1)]).toEqual(["connecting", "open", "closed"]);
});

test("a listener that throws stops nobody", async () => {
  const { url } = await serverForTest();
  const thrown: unknown[] = [];
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", (error) => thrown.push(error));
  onTestFinished(() => {
    process.removeAllListeners("uncaughtException");
    for (const listener of listeners) process.on("uncaughtException", listener);
  });
  const client = await clientFor(url, {
    onState: () => {
      throw new Error("of the page");
    },
  });
  await client.call("core/core/ping", {});
  expect(thrown.length).toBeGreaterThan(0);
});

test("retries wait longer and longer, each a random share of it", async () => {
  const timers = new ManualClock();
  const waits: number[] = [];
  const shares = [0.5, 0.99, 0, 0.25, 0.5, 0.5, 0.5, 0.5, 0.5];
  const stop = new AbortController();
  const connecting = Client.connect(await nowhere(), {
    user: "ann",
    timers,
    backoff: { first_ms: 100, most_ms: 3000 },
    random: () => shares[waits.length] ?? 0,
    signal: stop.signal,
    onState: (state) => {
      if (state.kind !== "waiting") return;
      waits.push(state.retry_in_ms);
      setImmediate(() => timers.advance(state.retry_in_ms));
    },
  });
  await expect.poll(() => waits.length, { timeout: 10_000 }).toBeGreaterThan(8);
  expect(waits.slice(0, 9)).toEqual([50, 198, 0, 200, 800, 1500, 1500, 1500, 1500]);
  stop.abort(new Error("enough"));
  await expect(connecting).rejects.toThrow("enough");
});

test("the browser's `online` is a reason to try at once", async () => {
  const { url, way, direct } = await behindWay();
  const timers = new ManualClock();
  const network = new EventTarget();
  const client = await clientFor(url, { timers, network, random: () => 0.9 });
  way.target = undefined;
  way.cut();
  await becomes(client, "waiting");
  way.target = direct;
  network.dispatchEvent(new Event("online"));
  await becomes(client, "open");
});

test("a server that is silent is asked, and left when it does not answer", async () => {
  const { url, way } = await behindWay();
  const timers = new ManualClock();
  const client = await clientFor(url, { timers, silent_ms: 1000 });
  const states: ClientState[] = [];
  client.onState((state) => states.push(state));
  timers.advance(1000);
  await client.call("core/core/ping", {});
  timers.advance(1000);
  timers.advance(1000);
  // It answers the ping of the client.
  await client.call("core/core/ping", {});
  timers.advance(1000);
  expect(client.state.kind).toBe("open");
  way.lose();
  timers.advance(1000);
  timers.advance(1000);
  timers.advance(1000);
  await becomes(client, "waiting");
  expect(states[0]).toMatchObject({ kind: "waiting", reason: { message: /does not answer/ } });
  timers.advance(10);
  await becomes(client, "open");
});

test("a server that takes the connection and says nothing is given up", async () => {
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const timers = new ManualClock();
  const states: ClientState[] = [];
  const stop = new AbortController();
  const connecting = Client.connect(`ws://127.0.0.1:${port}/`, {
    timers,
    connect_ms: 5000,
    signal: stop.signal,
    onState: (state) => states.push(state),
  });
  timers.advance(5000);
  await expect.poll(() => states[1]?.kind).toBe("waiting");
  stop.abort(new Error("enough"));
  await expect(connecting).rejects.toThrow("enough");
});

test("[T3] a close of 4500 or more is the end", async () => {
  const { url } = await people({ ann: ["*"], host: ["*", "session_stop"] });
  const host = await clientFor(url, { user: "host", password: "secret" });
  const ann = await clientFor(url, { password: "secret", session_id: "s1" });
  const next = (await ann.join("r", { create: { class: "chat" } })).messages().next();
  await host.call("core/session/stop", { session_id: "s1" });
  await becomes(ann, "closed");
  expect(ann.state).toMatchObject({ kind: "closed", reason: { code: 4502 } });
  await expect(ann.call("core/core/ping", {})).rejects.toMatchObject({
    name: "ClientClosed",
    cause: expect.any(ConnectionLost),
  });
  await expect(next).rejects.toMatchObject({ name: "ClientClosed" });
});

test("[T5] a server that goes away is found again", async () => {
  const server = await behindWay();
  const client = await clientFor(server.url);
  const states: ClientState[] = [];
  client.onState((state) => states.push(state));
  await server.stop();
  await server.start();
  await becomes(client, "open");
  expect(states[0]).toMatchObject({ kind: "waiting", reason: { code: 1001 } });
});

test("[Q6] too many sessions are a reason to wait", async () => {
  const { url, login, clock } = await withUsers({ limits: { sessions_per_user: 1 } });
  const { client: other } = await login("ann", "s1");
  const states: ClientState[] = [];
  const connecting = Client.connect(url, {
    user: "ann",
    password: "secret",
    random: () => 0,
    onState: (state) => states.push(state),
  });
  await expect.poll(() => states.some(({ kind }) => kind === "waiting")).toBe(true);
  expect(states.find(({ kind }) => kind === "waiting")).toMatchObject({ reason: { code: 100050 } });
  await other.close();
  clock.advance(60_000);
  await (await connecting).close();
});

test("a call waits for the connection; one that only reads is repeated, any other is not", async () => {
  const { url, way, direct } = await behindWay();
  const client = await clientFor(url);
  way.mute();
  const read = client.call("media/room/get_list", {});
  const write = client.call("media/room/create", { class: "chat", room_id: "r" });
  way.target = undefined;
  way.cut();
  await expect(write).rejects.toMatchObject({ name: "ConnectionLost" });
  await becomes(client, "waiting");
  const later = client.call("media/room/create", { class: "chat", room_id: "later" });
  const stop = new AbortController();
  const never = client.call(
    "media/room/create",
    { class: "chat", room_id: "never" },
    { signal: stop.signal },
  );
  stop.abort(new Error("enough"));
  await expect(never).rejects.toThrow("enough");
  way.target = direct;
  expect(await read).toEqual(expect.any(Array));
  expect(await later).toEqual({ room_id: "later" });
  const rooms = await client.call("media/room/get_list", {});
  expect(rooms.map(({ room_id }) => room_id)).not.toContain("never");
});

test("`await using` closes it; `close` twice is one close", async () => {
  const { url } = await serverForTest();
  let kept: Client;
  {
    await using client = await Client.connect(url, { user: "ann" });
    kept = client;
    expect(client.state.kind).toBe("open");
  }
  expect(kept.state).toEqual({ kind: "closed" });
  await kept.close();
});

test("an option that is undefined is as if it was not given", async () => {
  const { url } = await serverForTest();
  const undefs = { connect_ms: undefined, outbox: undefined, timers: undefined, random: undefined };
  const client = await clientFor(url, { ...undefs, backoff: { first_ms: undefined } });
  const room = await client.join("r", { create: { class: "chat" } });
  for (let n = 0; n < 1000; n++) room.send({ n }).catch(() => {});
  await expect(room.send({})).rejects.toMatchObject({ name: "OutboxFull" });
});

test.each(["connecting", "open"] as const)("a listener may close it when it is told of %s", async (when) => {
  const { url, way } = await behindWay();
  const client = await clientFor(url);
  const room = await client.join("r", { create: { class: "chat" } });
  const closed = Promise.withResolvers<void>();
  client.onState(({ kind }) => {
    if (kind === when) closed.resolve(client.close());
  });
  way.cut();
  await closed.promise;
  expect(client.state).toEqual({ kind: "closed" });
  expect(await room.ended).toMatchObject({ name: "ClientClosed" });
  await expect(client.join("other")).rejects.toMatchObject({ name: "ClientClosed" });
  await expect.poll(() => way.size).toBe(0);
});

test("subscriptions are made anew on each connection, until they are ended", async () => {
  const server = await behindWay();
  const client = await clientFor(server.url);
  const heard: unknown[] = [];
  const off = client.on("ring", ({ body }) => heard.push(body));
  const end = await client.subscribe({ class: "bell" });
  await server.stop();
  await server.start();
  await becomes(client, "open");
  const ring = (n: number) => client.call("core/event/send", { class: "bell", type: "ring", body: { n } });
  await ring(1);
  await expect.poll(() => heard).toEqual([{ n: 1 }]);
  const endToo = await client.subscribe({ class: "bell" });
  await endToo();
  await endToo();
  await ring(1);
  await expect.poll(() => heard).toEqual([{ n: 1 }, { n: 1 }]);
  await end();
  await ring(2);
  await client.call("core/core/ping", {});
  expect(heard).toEqual([{ n: 1 }, { n: 1 }]);
  off();
});

test.each([
  ["text", Buffer.from([0x81, 5, ...Buffer.from("hello")])],
  ["bytes", Buffer.from([0x82, 2, 1, 2])],
])("who answers with %s that is no JSON is left like one who vanished", async (_, frame) => {
  const { url, way } = await behindWay();
  way.answer = (bytes, client) =>
    void client.write(bytes.includes("101 ") ? Buffer.concat([bytes, frame]) : bytes);
  const met = Promise.withResolvers<ClientState>();
  const stop = new AbortController();
  const onState = (state: ClientState) => state.kind === "waiting" && met.resolve(state);
  const connecting = Client.connect(url, { user: "ann", onState, signal: stop.signal });
  expect(await met.promise).toMatchObject({
    reason: { name: "ConnectionLost", code: 1006, reason: "what answers does not speak Roomlog" },
  });
  stop.abort(new Error("enough"));
  await expect(connecting).rejects.toThrow("enough");
});
