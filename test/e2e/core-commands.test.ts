import type { Logger, ServerParts } from "roomlog";
import { expect, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { eventsOf, RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";

const memory = { store: { kind: "memory" } } as const;

/** Ann with session a1, bob with b1 and b2. */
async function stage(parts: ServerParts = {}) {
  const { url } = await serverForTest(memory, parts);
  const ann = await RawClient.login(url, "ann", "a1");
  const bob = await RawClient.login(url, "bob", "b1");
  const bob2 = await RawClient.login(url, "bob", "b2");
  return { url, ann, bob, bob2 };
}

test("[C1] user list and user get show who is there", async () => {
  const { url, ann, bob } = await stage();
  expect((await ann.call("core/user/list")).data).toEqual({ ann: ["a1"], bob: ["b1", "b2"] });
  const { data } = await ann.call("core/user/get", { user: "bob" });
  const where = { type: "api_server", remote: expect.stringMatching(/^ws:127\.0\.0\.1:\d+$/) };
  expect(data).toEqual({ b1: where, b2: where });
  expect((await ann.call("core/user/get", { user: "cleo" })).data).toEqual({
    code: 100033,
    error: "User not found",
  });
  await bob.close();
  await RawClient.login(url, "__proto__", "p1");
  expect(Object.entries((await ann.call("core/user/list")).data)).toEqual([
    ["ann", ["a1"]],
    ["bob", ["b2"]],
    ["__proto__", ["p1"]],
  ]);
});

test("[C2] user send_event reaches each session of the user once, with its body", async () => {
  const { ann, bob, bob2 } = await stage();
  expect(await ann.call("core/user/send_event", { user: "bob", type: "hi", body: { k: "v" } })).toMatchObject(
    { result: "ok" },
  );
  await ann.call("core/user/send_event", { user: "bob" });
  for (const session of [bob, bob2]) {
    expect(eventsOf(await session.settled())).toEqual([
      { class: "core", subclass: "user_event", type: "hi", obj_id: "bob", body: { k: "v" } },
      { class: "core", subclass: "user_event", obj_id: "bob" },
    ]);
  }
  expect(eventsOf(await ann.settled())).toEqual([]);
  expect(await ann.call("core/user/send_event", { user: "nobody" })).toMatchObject({ result: "ok" });
});

test("[C2] session send_event reaches that session alone", async () => {
  const { ann, bob, bob2 } = await stage();
  await ann.call("core/session/send_event", { session_id: "b1", type: "hi", body: { k: 1 } });
  expect(eventsOf(await bob.settled())).toEqual([
    { class: "core", subclass: "session_event", type: "hi", obj_id: "b1", body: { k: 1 } },
  ]);
  expect(eventsOf(await bob2.settled())).toEqual([]);
  expect(await ann.call("core/session/send_event", { session_id: "none" })).toMatchObject({ result: "ok" });
});

test("[C3] session stop closes the session with 4502, the own one after the answer", async () => {
  const { ann, bob } = await stage();
  expect((await ann.call("core/session/stop", { session_id: "b1" })).data).toEqual({ user: "bob" });
  expect(await bob.closed).toEqual({ code: 4502, reason: "Session stop" });
  expect((await ann.call("core/session/stop", { session_id: "b1" })).data).toEqual({
    code: 100062,
    error: "Session not found",
  });
  expect((await ann.call("core/session/stop", { session_id: "a1" })).data).toEqual({ user: "ann" });
  expect(await ann.closed).toMatchObject({ code: 4502 });
});

const CMD = { class: "core", subclass: "session", cmd: "cmd" };

test("[C4] session cmd is acked, the other session sees request and sender, its answer comes back as it stands", async () => {
  const { ann, bob } = await stage();
  ann.send(
    '{"class":"core","subclass":"session","cmd":"cmd","tid":1,"data":{"session_id":"b1","class":"app","subclass":"x","cmd":"go","data":{"n":1.0}}}',
  );
  expect(await ann.nextText()).toBe('{"ack":1}');
  const text = await bob.nextText();
  expect(text).toContain('"data":{"n":1.0}');
  const request = JSON.parse(text);
  expect(request).toEqual({
    class: "app",
    subclass: "x",
    cmd: "go",
    data: { n: 1 },
    from: { user_id: "ann", session_id: "a1" },
    tid: expect.any(Number),
  });
  bob.send(`{"result":"ok","data":{"big":12345678901234567890},"tid":${request.tid}}`);
  expect(await ann.nextText()).toBe('{"result":"ok","data":{"big":12345678901234567890},"tid":1}');
});

test("[C4] what the other session answers becomes the caller's result", async () => {
  const { ann, bob } = await stage();
  const answers = [
    [{ result: "ok" }, { result: "ok" }],
    [
      { result: "ok", data: [1] },
      { result: "ok", data: [1] },
    ],
    [
      { result: "error", data: { code: 7, error: "no" } },
      { result: "error", data: { code: 7, error: "no" } },
    ],
    [{ result: "error" }, { result: "error", data: { code: 100047, error: "Invalid reply" } }],
    [
      { result: "maybe", data: {} },
      { result: "error", data: { code: 100047, error: "Invalid reply" } },
    ],
  ] as const;
  for (const [tid, [answer, expected]] of answers.entries()) {
    ann.send({ ...CMD, data: { session_id: "b1", class: "app", cmd: "go" }, tid });
    const request = await bob.next();
    expect(request).not.toHaveProperty("data");
    bob.send({ ...answer, tid: request.tid });
    expect(await ann.until(({ result }) => result)).toEqual({ ...expected, tid });
  }
});

test("[C4] the caller does not wait: what follows is answered first", async () => {
  const { ann, bob } = await stage();
  ann.send({ ...CMD, data: { session_id: "b1", class: "app", cmd: "go" }, tid: "relayed" });
  expect(await ann.call("media/room/get_list")).toMatchObject({ result: "ok" });
  bob.send({ result: "ok", tid: (await bob.next()).tid });
  expect(await ann.next()).toEqual({ result: "ok", tid: "relayed" });
});

test("[C4] no answer in time is 100005 and closes the silent session; an ack gives it longer", async () => {
  const clock = new ManualClock();
  const { ann, bob, bob2 } = await stage({ clock });
  ann.send({ ...CMD, data: { session_id: "b1", class: "app", cmd: "go" }, tid: 1 });
  ann.send({ ...CMD, data: { session_id: "b2", class: "app", cmd: "go" }, tid: 2 });
  const [, second] = [await bob.next(), await bob2.next()];
  bob2.send({ ack: second.tid });
  await bob2.settled();
  for (let ms = 0; ms < 7000; ms += 100) clock.advance(100);
  expect(await ann.until(({ tid }) => tid === 1)).toMatchObject({ data: { code: 100005, error: "Timeout" } });
  expect(await bob.closed).toMatchObject({ code: 4001 });
  bob2.send({ result: "ok", tid: second.tid });
  expect(await ann.until(({ tid }) => tid === 2)).toMatchObject({ result: "ok" });
});

test("[C4] no such session is 100062, class core is 100030", async () => {
  const { ann, bob } = await stage();
  expect(
    (await ann.call("core/session/cmd", { session_id: "none", class: "app", cmd: "go" })).data.code,
  ).toBe(100062);
  const forged = { session_id: "b1", class: "core", cmd: "event", data: { class: "media" } };
  expect((await ann.call("core/session/cmd", forged)).data.code).toBe(100030);
  expect(await bob.settled()).toEqual([]);
});

test("[C5] session log writes one structured line with user and session", async () => {
  const lines: object[] = [];
  const logger: Logger = {
    debug() {},
    warn() {},
    error() {},
    info(fields, message) {
      if (!("audit" in fields)) lines.push({ ...fields, message });
    },
  };
  const { ann } = await stage({ logger });
  const forged = { source: "app", message: "x\n{}", level: 3, meta: { user: "root", session: "s" } };
  expect(await ann.call("core/session/log", forged)).toMatchObject({ result: "ok" });
  await ann.call("core/session/log", { source: "app", message: "short" });
  expect(lines).toEqual([
    { user: "ann", session: "a1", client: forged, message: "a client's log" },
    {
      user: "ann",
      session: "a1",
      client: { source: "app", message: "short", level: 1 },
      message: "a client's log",
    },
  ]);
  expect((await ann.call("core/session/log", { source: "app", message: "x", level: 8 })).data.error).toBe(
    "Syntax error: level",
  );
});

test("[C8] unknown extra fields: the command works, and an event that names them follows the answer", async () => {
  const { ann } = await stage();
  ann.send({
    class: "media",
    subclass: "room",
    cmd: "create",
    data: { class: "chat", room_id: "r", foo: 1, bar: 2 },
    tid: 1,
  });
  expect(await ann.next()).toEqual({ result: "ok", data: { room_id: "r" }, tid: 1 });
  expect((await ann.next()).data).toEqual({
    class: "core",
    subclass: "session_event",
    type: "unrecognized_fields",
    obj_id: "a1",
    body: { class: "media", subclass: "room", cmd: "create", fields: ["foo", "bar"] },
  });
  await ann.call("media/room/create", { class: "chat", room_id: "r", foo: 1 });
  expect(eventsOf(await ann.settled())).toEqual([]);
});

test("[C10] server info", async () => {
  const clock = new ManualClock();
  const { ann } = await stage({ clock });
  expect((await ann.call("core/server/info")).data).toEqual({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    service: "main",
    plugins: ["core", "room", "msglog", "webhooks"],
    limits: expect.objectContaining({ frame_bytes: 1_048_576, session_queue_bytes: 1_048_576 }),
    time: clock.wallNow,
  });
});

test("[E6] event send fires an event, but not in the server's classes", async () => {
  const { ann, bob } = await stage();
  await bob.call("core/event/subscribe", { class: "app" });
  ann.send(
    '{"class":"core","subclass":"event","cmd":"send","tid":1,"data":{"class":"app","type":"t","obj_id":"*","body":{"n":1.0}}}',
  );
  expect(await ann.next()).toEqual({ result: "ok", tid: 1 });
  const text = await bob.nextText();
  expect(text).toContain('"data":{"class":"app","type":"t","body":{"n":1.0}}');
  for (const cls of ["core", "media", "*"]) {
    const forged = { class: cls, subclass: "room", type: "msglog_new_msg", obj_id: "r", body: {} };
    expect((await ann.call("core/event/send", forged)).data).toEqual({
      code: 100030,
      error: "Unauthorized",
      field: "class",
    });
  }
  expect((await ann.call("core/event/send", { class: "app", service: "other" })).data.code).toBe(100020);
});

test("[E1, E3, F2] an empty object is one however it is written", async () => {
  const { ann, bob } = await stage();
  const send = (tid: number) =>
    ann.send(
      `{"class":"core","subclass":"event","cmd":"send","tid":${tid},"data":{"class":"app","body":{ \n }}}`,
    );
  await bob.call("core/event/subscribe", { class: "app" });
  send(1);
  expect((await bob.next()).data).toEqual({ class: "app" });
  await bob.call("core/event/subscribe", { class: "app", body: { mine: 1 } });
  send(2);
  expect((await bob.next()).data).toEqual({ class: "app", body: { mine: 1 } });
  ann.send({ ...CMD, data: { session_id: "b1", class: "app", cmd: "go" }, tid: 3 });
  bob.send(`{"result":"ok","data":{ },"tid":${(await bob.next()).tid}}`);
  expect(await ann.until(({ tid, result }) => tid === 3 && result)).toEqual({ result: "ok", tid: 3 });
});
