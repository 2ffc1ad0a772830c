import { expect, test } from "vitest";
import { type Frame, RawClient } from "../support/raw-client.ts";
import { maskedFrame, RawSocket } from "../support/raw-socket.ts";
import { serverForTest } from "../support/server.ts";
import { credentials, withUsers } from "../support/with-users.ts";

const ok = { result: "ok" };
const ping = (tid: number) => ({ class: "core", cmd: "ping", tid });
const wide = { requests: 1e6, requests_burst: 1e6, bytes: 1e9, bytes_burst: 1e9 };

/** Ten requests a second and five at once, for the scope that is looked at; the others are wide. */
function narrow(scope: "login" | "connection" | "user" | "address", more: object = {}) {
  const rates = { login: wide, connection: wide, user: wide, address: wide };
  return { limits: { rates: { ...rates, [scope]: { ...wide, requests: 10, requests_burst: 5, ...more } } } };
}

async function answers(client: RawClient, count: number): Promise<Frame[]> {
  const got: Frame[] = [];
  while (got.length < count) got.push(await client.until((frame) => frame.result));
  return got;
}

function sendMany(client: RawClient, count: number): Promise<Frame[]> {
  for (let tid = 1; tid <= count; tid++) client.send(ping(tid));
  return answers(client, count);
}

/** A client whose frames, however many, come in one read: all of them are there before it is stopped. */
async function loggedInSocket(url: string): Promise<RawSocket> {
  const socket = await RawSocket.connect(url);
  socket.write(
    textFrame({ class: "core", subclass: "user", cmd: "login", data: credentials("ann"), tid: 0 }),
  );
  await socket.texts(2);
  return socket;
}

const textFrame = (frame: object) => maskedFrame(0x81, JSON.stringify(frame));
const pings = (count: number) => Array.from({ length: count }, (_, i) => textFrame(ping(i + 1)));

const refused = { code: 100050, error: "Too many requests", limit: 10 };

test("[Q2] over the burst a connection's requests are refused, and served again when time has passed", async () => {
  const { clock, login } = await withUsers(narrow("connection"));
  const { client } = await login();
  const got = await sendMany(client, 6);
  expect(got.slice(0, 5)).toEqual(Array.from({ length: 5 }, (_, i) => ({ ...ok, tid: i + 1 })));
  expect(got[5]).toEqual({
    result: "error",
    data: { ...refused, retry_after_ms: 100 },
    tid: 6,
  });
  clock.advance(100);
  expect(await client.call("core/core/ping")).toMatchObject(ok);
});

test("[Q2] no burst is larger for a rest that was longer", async () => {
  const { clock, login } = await withUsers(narrow("connection"));
  const { client } = await login();
  await sendMany(client, 3);
  clock.advance(60_000);
  const got = await sendMany(client, 7);
  expect(got.map(({ result }) => result)).toEqual([...Array(5).fill("ok"), "error", "error"]);
});

test("[Q3] a send over a rate is 304102, stores nothing, and can be sent again", async () => {
  const { clock, login } = await withUsers(narrow("connection"));
  const { client } = await login();
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  for (let n = 1; n <= 5; n++) {
    client.send({
      class: "media",
      subclass: "room",
      cmd: "msglog_send",
      data: { room_id: "r", msg: {} },
      tid: n,
    });
  }
  const got = await answers(client, 5);
  expect(got.slice(0, 4)).toEqual([1, 2, 3, 4].map((n) => ({ ...ok, data: { msg_id: n }, tid: n })));
  expect(got[4]?.data).toEqual({
    code: 304102,
    error: "Too many messages",
    limit: 10,
    retry_after_ms: 100,
  });
  clock.advance(1000);
  expect((await client.call("media/room/msglog_send", { room_id: "r", msg: {} })).data).toEqual({
    msg_id: 5,
  });
});

test("[Q2] bytes have a rate of their own", async () => {
  const { login } = await withUsers(
    narrow("connection", { requests_burst: 100, bytes: 1000, bytes_burst: 2000 }),
  );
  const { client } = await login();
  client.send({ ...ping(1), padding: "x".repeat(2500) });
  client.send(ping(2));
  const [first, second] = await answers(client, 2);
  expect(first).toEqual({ ...ok, tid: 1 });
  expect(second?.data).toMatchObject({ code: 100050, limit: 1000 });
  expect(second?.data.retry_after_ms).toBeGreaterThan(500);
});

test("[Q2] all sessions of a user have one rate together, those of another user have theirs", async () => {
  const { login } = await withUsers(narrow("user"));
  const [{ client: ann }, { client: again }, { client: bob }] = [
    await login(),
    await login(),
    await login("bob"),
  ];
  expect(await sendMany(ann, 4)).toEqual([1, 2, 3, 4].map((tid) => ({ ...ok, tid })));
  const got = await sendMany(again, 2);
  expect(got.map(({ data }) => data?.code)).toEqual([undefined, 100050]);
  expect(await sendMany(bob, 5)).toEqual([1, 2, 3, 4, 5].map((tid) => ({ ...ok, tid })));
});

test("[Q2] a user who comes back does not find his rate full", async () => {
  const { clock, login } = await withUsers(narrow("user"));
  const { client } = await login();
  await sendMany(client, 5);
  await client.close();
  const { client: again } = await login();
  expect((await again.call("core/core/ping")).data).toMatchObject(refused);
  clock.advance(2000);
  const { client: rested } = await login();
  expect(await sendMany(rested, 5)).toEqual([1, 2, 3, 4, 5].map((tid) => ({ ...ok, tid })));
});

test("[Q2] all connections from one address have one rate together", async () => {
  const { login } = await withUsers(narrow("address", { requests_burst: 7 }));
  const [{ client: ann }, { client: bob }] = [await login(), await login("bob")];
  const got = [...(await sendMany(ann, 4)), ...(await sendMany(bob, 2))];
  expect(got.map(({ data }) => data?.code)).toEqual([...Array(5).fill(undefined), 100050]);
});

test("[Q2] what is over a narrow rate does not count for the wider ones", async () => {
  const config = narrow("connection");
  config.limits.rates.user = { ...wide, requests: 10, requests_burst: 12 };
  const { url, login } = await withUsers(config);
  const socket = await loggedInSocket(url);
  socket.write(...pings(50));
  await socket.texts(52);
  const { client: again } = await login();
  expect(await sendMany(again, 5)).toEqual([1, 2, 3, 4, 5].map((tid) => ({ ...ok, tid })));
});

test("[Q2] before login the rate of strangers counts", async () => {
  const { clock, url } = await withUsers(narrow("login"));
  const client = await RawClient.connect(url);
  const got = await sendMany(client, 6);
  expect(got.map(({ data }) => data.code)).toEqual([...Array(5).fill(100031), 100050]);
  clock.advance(1000);
});

test("[Q2] answers that the server asked for are free, those that nobody asked for count", async () => {
  const { clock, login } = await withUsers(narrow("connection"));
  const [{ client: ann }, { client: bob }] = [await login("ann", "a1"), await login("bob")];
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 4; i++) await bob.call("core/session/send_event", { session_id: "a1", type: "t" });
    for (let i = 0; i < 4; i++) ann.send(`{"tid":${(await ann.next()).tid},"result":"ok"}`);
    clock.advance(400);
  }
  expect(await ann.call("core/core/ping")).toMatchObject(ok);
  for (let tid = 0; tid < 4; tid++) ann.send(tid % 2 ? { result: "ok", tid } : { ack: tid });
  expect((await ann.call("core/core/ping")).data).toMatchObject(refused);
});

test("[Q2, L7] in open mode there are no rates", async () => {
  const { url } = await serverForTest({ store: { kind: "memory" }, ...narrow("connection") });
  const client = await RawClient.login(url);
  expect((await sendMany(client, 500)).every(({ result }) => result === "ok")).toBe(true);
});

test("[Q3] who goes on is not read from until all that was refused could be served, at most a burst", async () => {
  const { clock, url, login } = await withUsers(narrow("connection"));
  const socket = await loggedInSocket(url);
  socket.write(...pings(20));
  await socket.texts(22);
  socket.write(textFrame(ping(21)));
  const { client: bob } = await login("bob");
  for (let i = 0; i < 4; i++) {
    clock.advance(100);
    await bob.call("core/core/ping");
  }
  expect(socket.count).toBe(22);
  clock.advance(100);
  expect((await socket.texts(23))[22]).toBe('{"result":"ok","tid":21}');
});

test("[Q3] who is refused much more often than served is closed with 4003", async () => {
  const { clock, url } = await withUsers({ limits: { ...narrow("connection").limits, rate_refusals: 8 } });
  const socket = await loggedInSocket(url);
  socket.write(...pings(5 + 8));
  await socket.texts(2 + 13);
  clock.advance(500);
  socket.write(...pings(5 + 5));
  await socket.texts(2 + 23);
  clock.advance(500);
  socket.write(...pings(5 + 6));
  expect(await socket.closed()).toEqual({
    code: 4003,
    reason: "limits.rate_refusals: over limits.rates.connection.requests, 8 times too often",
  });
});

test("[Q4] who waits as long as he is told is served and never closed", async () => {
  const config = narrow("connection");
  const { clock, login } = await withUsers({ limits: { ...config.limits, rate_refusals: 30 } });
  const { client } = await login();
  let served = 0;
  for (let tries = 0; served < 200 && tries < 500; tries++) {
    const { data } = await client.call("core/core/ping");
    if (data) clock.advance(data.retry_after_ms);
    else served += 1;
  }
  expect(served).toBe(200);
});

test("[Q2] pings of the WebSocket protocol count", async () => {
  const { url } = await withUsers({ limits: { ...narrow("login").limits, rate_refusals: 50 } });
  const socket = await RawSocket.connect(url);
  socket.write(...Array.from({ length: 60 }, () => maskedFrame(0x89, "")));
  expect(await socket.closed()).toMatchObject({ code: 4003 });
});
