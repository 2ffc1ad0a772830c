import { createServer } from "roomlog";
import { definePlugin } from "roomlog/plugin";
import { expect, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { RawClient } from "../support/raw-client.ts";
import { upgrade } from "../support/raw-socket.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

const memory = { store: { kind: "memory" } } as const;

function login(client: RawClient, data: object, tid: unknown = "login"): void {
  client.send({ class: "core", subclass: "user", cmd: "login", data, tid });
}

test("[L1] before login every other request gets 100031", async () => {
  const { url } = await serverForTest(memory);
  const client = await RawClient.connect(url);
  for (const name of ["media/room/get_list", "core/event/subscribe", "core/core/nothing", "other/core/x"]) {
    expect(await client.call(name)).toMatchObject({ data: { code: 100031, error: "Not authenticated" } });
  }
});

test("[L1] the ack comes at once, then the given session id or a generated UUID", async () => {
  const { url } = await serverForTest(memory);
  const [given, generated] = [await RawClient.connect(url), await RawClient.connect(url)];
  login(given, { user: "ann", session_id: "my session" });
  expect(await given.nextText()).toBe('{"ack":"login"}');
  expect(await given.next()).toEqual({ result: "ok", data: { session_id: "my session" }, tid: "login" });
  login(generated, { user: "ann" });
  await generated.next();
  expect((await generated.next()).data.session_id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test("[L1] the ack does not wait for whoever decides", async () => {
  const decision = Promise.withResolvers<void>();
  const slow = definePlugin({
    name: "slow",
    setup: () => ({
      hooks: { "core.login": (credentials, next) => decision.promise.then(() => next(credentials)) },
    }),
  });
  const services = { main: { plugins: ["core", "slow"] } };
  const { url } = await serverForTest({ ...memory, services }, { plugins: [slow] });
  const client = await RawClient.connect(url);
  login(client, { user: "ann" });
  expect(await client.next()).toEqual({ ack: "login" });
  decision.resolve();
  expect(await client.next()).toMatchObject({ result: "ok" });
});

test("[L2] takes user, password or pass, token, session_id, meta, and ignores the rest", async () => {
  const { url } = await serverForTest(memory);
  const all = { user: "ann", password: "x", pass: "x", token: "x", session_id: "s", meta: { a: 1 }, more: 1 };
  const client = await RawClient.connect(url);
  expect(await client.call("core/user/login", all)).toMatchObject({ result: "ok" });
  const other = await RawClient.connect(url);
  for (const field of ["password", "pass", "token", "meta"]) {
    expect(await other.call("core/user/login", { user: "ann", [field]: 5 })).toMatchObject({
      data: { code: 100044, error: `Syntax error: ${field}`, field },
    });
  }
});

test("[L3] a refused login is answered after a delay that doubles, and the last one closes with 4501", async () => {
  const clock = new ManualClock();
  const { url } = await serverForTest(
    { ...memory, limits: { login_failures: 3, login_seconds: 60 } },
    { clock },
  );
  const [client, other] = [await RawClient.connect(url), await RawClient.login(url)];
  for (const delay of [100, 200, 400]) {
    login(client, {});
    expect(await client.next()).toEqual({ ack: "login" });
    await expectNothing(client, other, () => clock.advance(delay - 1));
    clock.advance(1);
    expect(await client.next()).toMatchObject({ data: { code: 100030, error: "Unauthorized" } });
  }
  expect(await client.closed).toEqual({ code: 4501, reason: "Unauthorized" });
});

test("[L3] with the defaults the eighth refusal closes with 4501, not the time to log in", async () => {
  const clock = new ManualClock();
  const { url } = await serverForTest(memory, { clock });
  const client = await RawClient.connect(url);
  for (let failure = 1; failure <= 8; failure++) {
    login(client, {});
    await client.until(({ ack }) => ack);
    for (let ms = 0; ms < 100 * 2 ** (failure - 1); ms += 100) clock.advance(100);
    expect(await client.next()).toMatchObject({ data: { code: 100030 } });
  }
  expect(await client.closed).toMatchObject({ code: 4501 });
});

test("[L3] a connection that does not log in is closed with 4004", async () => {
  const clock = new ManualClock();
  const { url } = await serverForTest(memory, { clock });
  const [silent, knocking, user] = [
    await RawClient.connect(url),
    await RawClient.connect(url),
    await RawClient.login(url),
  ];
  for (let second = 0; second < 10; second++) {
    expect(await knocking.call("media/room/get_list")).toMatchObject({ data: { code: 100031 } });
    clock.advance(1000);
  }
  for (const client of [silent, knocking]) {
    expect(await client.closed).toMatchObject({
      code: 4004,
      reason: expect.stringContaining("limits.login_seconds"),
    });
  }
  expect(await user.call("media/room/get_list")).toMatchObject({ result: "ok" });
});

test("[L4] a session id whose holder answers a ping is refused: 100034, then 4503", async () => {
  const { url } = await serverForTest(memory);
  const holder = await RawClient.login(url, "ann", "s1");
  const other = await RawClient.connect(url);
  login(other, { user: "bob", session_id: "s1" });
  const ping = await holder.next();
  expect(ping).toEqual({ class: "core", cmd: "ping", data: { time: 0 }, tid: expect.any(Number) });
  holder.send({ result: "ok", tid: ping.tid });
  expect([await other.next(), await other.next()]).toEqual([
    { ack: "login" },
    { result: "error", data: { code: 100034, error: "Duplicated session id" }, tid: "login" },
  ]);
  expect(await other.closed).toEqual({ code: 4503, reason: "Duplicated session id" });
  expect(await holder.call("media/room/get_list")).toMatchObject({ result: "ok" });
});

test("[L4] a holder that does not answer within 2 s is closed with 4001 and the login goes on", async () => {
  const clock = new ManualClock();
  const { url } = await serverForTest(memory, { clock });
  const holder = await RawClient.login(url, "ann", "s1");
  const other = await RawClient.connect(url);
  const answer = other.call("core/user/login", { user: "ann", session_id: "s1" });
  await holder.next();
  clock.advance(2000);
  expect(await answer).toMatchObject({ result: "ok", data: { session_id: "s1" } });
  expect(await holder.closed).toMatchObject({ code: 4001 });
  expect(await other.call("media/room/get_list")).toMatchObject({ result: "ok" });
});

test("[L4] a holder that goes away meanwhile makes room at once", async () => {
  const { url } = await serverForTest(memory, { clock: new ManualClock() });
  const holder = await RawClient.login(url, "ann", "s1");
  const other = await RawClient.connect(url);
  const answer = other.call("core/user/login", { user: "ann", session_id: "s1" });
  await holder.next();
  await holder.close();
  expect(await answer).toMatchObject({ result: "ok" });
});

test("[L4] of two logins with the same session id at the same time one succeeds", async () => {
  const { url } = await serverForTest(memory);
  const both = [await RawClient.connect(url), await RawClient.connect(url)];
  for (const client of both) login(client, { user: "ann", session_id: "s1" });
  const results = await Promise.all(
    both.map(async (client) => {
      const { result } = await client.until((frame) => frame.result);
      // The winner is asked whether it is alive.
      if (result === "ok")
        client.send({ result: "ok", tid: (await client.until(({ cmd }) => cmd === "ping")).tid });
      return result;
    }),
  );
  expect(results.sort()).toEqual(["error", "ok"]);
});

test.for([[5], [""], ["*"], ["a\u0000b"], [null], [{}], ["x".repeat(129)]])(
  "[L4] session_id %j is not valid: 100035, then 4504",
  async ([session_id]) => {
    const { url } = await serverForTest(memory);
    const client = await RawClient.connect(url);
    login(client, { user: "ann", session_id });
    expect([await client.next(), await client.next()]).toEqual([
      { ack: "login" },
      { result: "error", data: { code: 100035, error: "Invalid session id" }, tid: "login" },
    ]);
    expect(await client.closed).toEqual({ code: 4504, reason: "Invalid session id" });
  },
);

test("[L4] a second login gets 100032 without an ack", async () => {
  const { url } = await serverForTest(memory);
  const client = await RawClient.login(url);
  login(client, { user: "bob" });
  expect(await client.next()).toEqual({
    result: "error",
    data: { code: 100032, error: "Already authenticated" },
    tid: "login",
  });
});

test("[L4] a session id names a session of one service only", async () => {
  const services = { a: { listeners: [{ path: "/a" }] }, b: { listeners: [{ path: "/b" }] } };
  const { url } = await serverForTest({ ...memory, services });
  for (const path of ["/a", "/b"]) await RawClient.login(new URL(path, url).href, "ann", "s1");
});

test("[L5] one user holds many sessions, each subscribed to the events of user and session", async () => {
  const { url } = await serverForTest(memory);
  const ids = ["s1", "s2", "s3"];
  const sessions = await Promise.all(ids.map((id) => RawClient.login(url, "ann", id)));
  for (const [i, session] of sessions.entries()) {
    expect((await session.call("core/event/get_subscriptions")).data).toEqual([
      { class: "core", subclass: "session_event", type: "*", obj_id: ids[i] },
      { class: "core", subclass: "user_event", type: "*", obj_id: "ann" },
    ]);
  }
});

test.for([
  [{ user: 5 }, 100044, "Syntax error: user"],
  [{ user: "" }, 100044, "Syntax error: user"],
  [{ user: "*" }, 100044, "Syntax error: user"],
  [{ user: "a\nb" }, 100044, "Syntax error: user"],
  [{ user: "\ud800" }, 100044, "Syntax error: user"],
  [{ user: "x".repeat(129) }, 100044, "Syntax error: user"],
  [{}, 100030, "Unauthorized"],
] as const)("[L6] login with %j is refused and may be tried again", async ([data, code, error]) => {
  const { url } = await serverForTest(memory);
  const client = await RawClient.connect(url);
  expect(await client.call("core/user/login", data)).toMatchObject({ data: { code, error } });
  expect(await client.call("core/user/login", { user: "😀".repeat(128) })).toMatchObject({ result: "ok" });
});

test.for([["*"], [""], ["a\u0085b"], ["\udfff"], ["x".repeat(257)], [5], [null]])(
  "[L6] room_id %j is a syntax error",
  async ([room_id]) => {
    const { url } = await serverForTest(memory);
    const client = await RawClient.login(url);
    expect(await client.call("media/room/create", { class: "chat", room_id })).toMatchObject({
      data: { code: 100044, error: "Syntax error: room_id", field: "room_id" },
    });
  },
);

test.for(["r", "x".repeat(256), "😀".repeat(256), "../../etc/passwd", "'; DROP TABLE rooms; --", "a.b>*"])(
  "[L6] room_id %j is fine",
  async (room_id) => {
    const { url } = await serverForTest();
    const client = await RawClient.login(url);
    await client.call("media/room/create", { class: "chat", room_id });
    expect(await client.call("media/room/get_list")).toMatchObject({ data: [{ room_id }] });
  },
);

test.for(["0.0.0.0", "::", "192.168.1.5", "example.org"])(
  "[L7] open mode refuses to listen on %s",
  async (host) => {
    await expect(createServer({ host, port: 0, data: dataDirectory() })).rejects.toThrow(
      /^host: .*127\.0\.0\.1/,
    );
  },
);

test.for([
  [{ Host: "example.org" }, "example.org"],
  [{ Host: "127.0.0.1.example.org:9010" }, "127.0.0.1.example.org"],
  [{ Host: "localhost.example.org" }, "localhost.example.org"],
  [{ Origin: "https://evil.example" }, "evil.example"],
  [{ Origin: "null" }, "null"],
  [{ Origin: "http://127.0.0.1.evil.example" }, "evil.example"],
] as const)("[L7] an upgrade with %j is HTTP 403 with a sentence", async ([headers, named]) => {
  const { url } = await serverForTest(memory);
  const { response } = await upgrade(url, headers);
  expect(response).toMatch(/^HTTP\/1\.1 403 /);
  expect(response).toContain("runs without users");
  expect(response).toContain(named);
});

test.for([
  [{}],
  [{ Host: "localhost" }],
  [{ Host: "localhost:9010", Origin: "http://localhost:5173" }],
  [{ Host: "127.8.9.1", Origin: "https://127.0.0.1" }],
  [{ Host: "[::1]:9010", Origin: "http://[::1]:80" }],
])("[L7] an upgrade with %j is taken", async ([headers]) => {
  const { url } = await serverForTest(memory);
  const { response } = await upgrade(url, headers);
  expect(response).toMatch(/^HTTP\/1\.1 101 /);
});

test("[L9] a frame before login is at most limits.login_frame_bytes long, else 1009", async () => {
  const { url } = await serverForTest({ ...memory, limits: { login_frame_bytes: 1024 } });
  const ofBytes = (bytes: number) => {
    const frame = { class: "core", cmd: "x", tid: 1, pad: "" };
    return { ...frame, pad: "\u00e9".repeat((bytes - JSON.stringify(frame).length) / 2) };
  };
  const short = await RawClient.connect(url);
  short.send(ofBytes(1024));
  expect(await short.next()).toMatchObject({ data: { code: 100031 } });
  await short.call("core/user/login", { user: "ann" });
  short.send(ofBytes(4096));
  expect(await short.next()).toMatchObject({ data: { code: 100042 } });
  const long = await RawClient.connect(url);
  long.send(ofBytes(1026));
  const reason = "limits.login_frame_bytes: frame over 1024 bytes before login";
  expect(await long.closed).toEqual({ code: 1009, reason });
});

/** Nothing is sent by what `act` sets off: not before another connection has been answered twice. */
async function expectNothing(client: RawClient, other: RawClient, act: () => void): Promise<void> {
  const before = client.texts.length;
  act();
  await other.settled();
  await other.settled();
  expect(client.texts).toHaveLength(before);
}
