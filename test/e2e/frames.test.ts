import { expect, test } from "vitest";
import { Unanswered } from "../../packages/server/src/core/unanswered.ts";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";
import { SlowStore } from "../support/slow-store.ts";

const LIST = { class: "media", subclass: "room", cmd: "get_list" };

test("[F1] subclass defaults to core, data to an empty object, other keys are ignored", async () => {
  const { url } = await serverForTest();
  const client = await RawClient.login(url);
  client.send('{"class":"core","cmd":"nope","tid":1,"more":[1]}');
  expect(await client.next()).toEqual({
    result: "error",
    data: { code: 100042, error: "Unknown command 'nope'" },
    tid: 1,
  });
  client.send({ ...LIST, tid: 2 });
  expect(await client.next()).toEqual({ result: "ok", data: [], tid: 2 });
});

test.for([
  "1",
  '"a"',
  "null",
  "1.0",
  "-0",
  "1e400",
  "12345678901234567890",
  "true",
  '[1, {"x":[]}]',
  '{"a" : "\\u0000\\ud800"}',
])("[F1] the tid %s is echoed verbatim", async (tid) => {
  const { url } = await serverForTest({ store: { kind: "memory" } });
  const client = await RawClient.login(url);
  client.send(`{"tid": ${tid} ,"class":"media","subclass":"room","cmd":"get_list"}`);
  expect(await client.nextText()).toBe(`{"result":"ok","data":[],"tid":${tid}}`);
});

test("[F1] a request that also has result is a request", async () => {
  const { url } = await serverForTest();
  const client = await RawClient.login(url);
  client.send({ ...LIST, result: "ok", ack: 1, tid: 1 });
  expect(await client.next()).toMatchObject({ result: "ok", data: [], tid: 1 });
});

test("[F2] an empty object has no data, an empty list keeps it, an error has code and text", async () => {
  const { url } = await serverForTest();
  const client = await RawClient.login(url);
  client.send({ class: "core", subclass: "event", cmd: "subscribe", data: { class: "x" }, tid: 1 });
  expect(await client.nextText()).toBe('{"result":"ok","tid":1}');
  client.send({ ...LIST, tid: 2 });
  expect(await client.nextText()).toBe('{"result":"ok","data":[],"tid":2}');
  client.send({ class: "media", subclass: "room", cmd: "destroy", data: { room_id: "r" }, tid: 3 });
  expect(await client.nextText()).toBe(
    '{"result":"error","data":{"code":304001,"error":"Room not found"},"tid":3}',
  );
});

test("[F3] an ack tells that the answer takes longer", async () => {
  const { url } = await serverForTest();
  const client = await RawClient.connect(url);
  client.send('{"class":"core","subclass":"user","cmd":"login","data":{"user":"ann"},"tid":{"n":1.50}}');
  expect(await client.nextText()).toBe('{"ack":{"n":1.50}}');
  expect(await client.next()).toMatchObject({ result: "ok", tid: { n: 1.5 } });
});

test("[F4] responses and acks for unknown tids are ignored", async () => {
  const { url } = await serverForTest();
  const client = await RawClient.login(url);
  client.send({ result: "ok", tid: 99 });
  client.send({ result: "error", data: { code: 1 }, tid: "x" });
  client.send({ ack: 99 });
  client.send({ ack: { deep: [] } });
  client.send({ ack: 1, result: "ok", tid: null });
  client.send({ ...LIST, tid: 1 });
  expect(await client.next()).toMatchObject({ result: "ok", tid: 1 });
});

test.for([
  ["no class", { cmd: "x" }, 100045, "Missing field: class", "class"],
  ["no cmd", { class: "core" }, 100045, "Missing field: cmd", "cmd"],
  ["class not a string", { class: 5, cmd: "x" }, 100044, "Syntax error: class", "class"],
  ["cmd not a string", { class: "core", cmd: null }, 100044, "Syntax error: cmd", "cmd"],
  [
    "subclass not a string",
    { class: "core", subclass: [], cmd: "x" },
    100044,
    "Syntax error: subclass",
    "subclass",
  ],
  ["data a string", { ...LIST, data: "x" }, 100044, "Syntax error: data", "data"],
  ["data a list", { ...LIST, data: [1] }, 100044, "Syntax error: data", "data"],
] as const)(
  "[F5] %s: an error answer that names the field, and the connection lives",
  async ([, frame, code, error, field]) => {
    const { url } = await serverForTest({ store: { kind: "memory" } });
    const client = await RawClient.login(url);
    client.send({ ...frame, tid: 7 });
    expect(await client.next()).toEqual({ result: "error", data: { code, error, field }, tid: 7 });
    for (const data of [null, []])
      expect(await client.call("media/room/get_list", data as never)).toMatchObject({ result: "ok" });
  },
);

test.for([
  ["invalid JSON", "{"],
  ["an empty frame", ""],
  ["two documents", "{}{}"],
  ["a number", "5"],
  ["null", "null"],
  ["an array", '[{"class":"core","cmd":"x","tid":1}]'],
  ["no tid", '{"class":"core","cmd":"x"}'],
  ["a result without tid", '{"result":"ok"}'],
  ["an empty object", "{}"],
])("[F5] %s cannot be answered and closes with 4500 and a reason", async ([, frame]) => {
  const { url } = await serverForTest({ store: { kind: "memory" } });
  const client = await RawClient.login(url);
  client.send(frame);
  const { code, reason } = await client.closed;
  expect(code).toBe(4500);
  expect(reason).not.toBe("");
});

test("[F1, F5] a tid that is nested too deeply is not echoed unchecked", async () => {
  const { url } = await serverForTest({ store: { kind: "memory" } });
  const client = await RawClient.login(url);
  client.send(`{"class":"core","cmd":"ping","tid":1,"tid":[${"[".repeat(70)} oops ${"]".repeat(70)}]}`);
  expect(await client.closed).toEqual({ code: 4500, reason: "tid: nested too deeply" });
});

test("[F5] a field of data that is called tid and nested too deeply is named, and the connection lives", async () => {
  const { url } = await serverForTest({ store: { kind: "memory" } });
  const client = await RawClient.login(url);
  client.send(`{"class":"core","cmd":"ping","tid":1,"data":{"tid":${"[".repeat(70)}${"]".repeat(70)}}}`);
  expect(await client.next()).toMatchObject({
    result: "error",
    data: { code: 100044, field: "tid" },
    tid: 1,
  });
});

test("[F6] pipelined requests are answered in order and read what was written before them", async () => {
  const { url } = await serverForTest();
  const client = await RawClient.login(url);
  const room = { class: "media", subclass: "room" };
  client.send({ ...room, cmd: "create", data: { class: "chat", room_id: "r" }, tid: 1 });
  for (let tid = 2; tid < 10; tid++)
    client.send({ ...room, cmd: "msglog_send", data: { room_id: "r", msg: { tid } }, tid });
  client.send({ ...room, cmd: "msglog_get", data: { room_id: "r" }, tid: 10 });
  client.send({ ...room, cmd: "msglog_send", data: { room_id: "none", msg: {} }, tid: 11 });
  client.send({ ...room, cmd: "msglog_send", data: { room_id: "r", msg: 1 }, tid: 12 });
  client.send({ ...room, cmd: "destroy", data: { room_id: "r" }, tid: 13 });
  client.send({ ...room, cmd: "msglog_get", data: { room_id: "r" }, tid: 14 });
  const answers = [];
  for (let tid = 1; tid <= 14; tid++) answers.push(await client.next());
  expect(answers.map(({ tid }) => tid)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  expect(answers[9].data.map((message: { tid: number }) => message.tid)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  expect(answers.slice(10).map(({ data }) => data?.code)).toEqual([304001, 100044, undefined, 304001]);
});

test("[F6] an immediate error waits for the answers before it", async () => {
  const store = new SlowStore();
  const { url } = await serverForTest({}, { store });
  const client = await RawClient.login(url);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  store.hold();
  client.send({
    class: "media",
    subclass: "room",
    cmd: "msglog_send",
    data: { room_id: "r", msg: {} },
    tid: 1,
  });
  client.send({
    class: "media",
    subclass: "room",
    cmd: "msglog_send",
    data: { room_id: "r", msg: 5 },
    tid: 2,
  });
  client.send({ tid: 3 });
  await store.held;
  store.release();
  expect([await client.next(), await client.next(), await client.next()]).toMatchObject([
    { tid: 1, result: "ok" },
    { tid: 2, result: "error" },
    { tid: 3, result: "error" },
  ]);
});

test("[F6] what follows a login waits for its result", async () => {
  const { url } = await serverForTest();
  const client = await RawClient.connect(url);
  client.send({ class: "core", subclass: "user", cmd: "login", data: { user: "ann" }, tid: 1 });
  client.send({ ...LIST, tid: 2 });
  expect([await client.next(), await client.next(), await client.next()]).toMatchObject([
    { ack: 1 },
    { result: "ok", tid: 1 },
    { result: "ok", data: [], tid: 2 },
  ]);
});

test("[F6] more requests than limits.requests_in_flight wait unread and are all answered", async () => {
  const { url } = await serverForTest({ limits: { requests_in_flight: 4 } });
  const client = await RawClient.login(url);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  for (let tid = 1; tid <= 500; tid++) {
    client.send({
      class: "media",
      subclass: "room",
      cmd: "msglog_send",
      data: { room_id: "r", msg: {} },
      tid,
    });
  }
  for (let tid = 1; tid <= 500; tid++)
    expect(await client.next()).toEqual({ result: "ok", data: { msg_id: tid }, tid });
});

test("[F6] while limits.requests_in_flight are unanswered the server reads nothing more", async () => {
  const store = new SlowStore();
  const { url } = await serverForTest({ limits: { requests_in_flight: 4 } }, { store });
  const client = await RawClient.login(url);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  store.hold();
  const data = { room_id: "r", msg: { text: "x".repeat(60_000) } };
  for (let tid = 1; tid <= 400; tid++)
    client.send({ class: "media", subclass: "room", cmd: "msglog_send", data, tid });
  await store.held;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(client.unsent).toBeGreaterThan(5_000_000);
  store.release();
  for (let tid = 1; tid <= 400; tid++)
    expect(await client.next()).toMatchObject({ data: { msg_id: tid }, tid });
});

test("[F6] what follows a request takes effect after the events of that request", async () => {
  const { url } = await serverForTest();
  const client = await RawClient.login(url);
  const room = { class: "media", subclass: "room" };
  const event = { class: "core", subclass: "event", data: { class: "media" } };
  client.send({ ...room, cmd: "create", data: { class: "chat", room_id: "r" }, tid: 1 });
  client.send({ ...event, cmd: "subscribe", tid: 2 });
  client.send({ ...room, cmd: "msglog_send", data: { room_id: "r", msg: {} }, tid: 3 });
  client.send({ ...event, cmd: "unsubscribe", tid: 4 });
  const frames = [];
  for (let i = 0; i < 5; i++) frames.push(await client.next());
  expect(frames.map(({ tid, data }) => data?.type ?? tid)).toEqual([1, 2, 3, "msglog_new_msg", 4]);
});

test("[F7] requests of the server carry integer tids, unique on the connection and apart from the client's", async () => {
  const { url } = await serverForTest();
  const client = await RawClient.login(url);
  await client.call("core/event/subscribe", { class: "media" });
  for (let i = 0; i < 3; i++) await client.call("media/room/create", { class: "chat", room_id: `r${i}` });
  await client.settled();
  const events = client.texts.map((text) => JSON.parse(text)).filter(({ cmd }) => cmd === "event");
  expect(new Set(events.map(({ tid }) => tid)).size).toBe(3);
  for (const event of events) {
    expect(Number.isInteger(event.tid)).toBe(true);
    expect(event).not.toHaveProperty("subclass");
    client.send({ class: "media", subclass: "room", cmd: "get_list", tid: event.tid });
    expect(await client.next()).toMatchObject({ result: "ok", tid: event.tid });
  }
});

async function withUnansweredEvents(count: number) {
  const clock = new ManualClock();
  const { url } = await serverForTest({ store: { kind: "memory" } }, { clock });
  const client = await RawClient.login(url);
  await client.call("core/event/subscribe", { class: "media" });
  for (let i = 0; i < count; i++) await client.call("media/room/create", { class: "chat" });
  await client.settled();
  const tids: number[] = client.texts
    .map((text) => JSON.parse(text))
    .filter(({ cmd }) => cmd === "event")
    .map(({ tid }) => tid);
  expect(tids).toHaveLength(count);
  /** Lets time pass, with the frames sent before it received. */
  const pass = async (ms: number) => {
    await client.settled();
    for (let passed = 0; passed < ms; passed += 100) clock.advance(100);
  };
  return { client, clock, pass, tids };
}

test("[F8] a client that leaves a request of the server unanswered for 5 s is closed with 4001", async () => {
  const { client, pass } = await withUnansweredEvents(1);
  await pass(4900);
  expect(await client.call("media/room/get_list")).toMatchObject({ result: "ok" });
  await pass(1100);
  expect(await client.closed).toMatchObject({
    code: 4001,
    reason: expect.stringContaining("limits.answer_seconds"),
  });
});

test("[F8] a client that answers each event after 4.9 s lives", async () => {
  const { client, pass, tids } = await withUnansweredEvents(6);
  for (const tid of tids) {
    await pass(4900);
    client.send({ result: "ok", tid });
  }
  await pass(20_000);
  expect(await client.call("media/room/get_list")).toMatchObject({ result: "ok" });
});

test("[F8] an ack extends that one request to 180 s, again at each ack", async () => {
  const { client, pass, tids } = await withUnansweredEvents(1);
  client.send({ ack: tids[0] });
  await pass(179_000);
  client.send({ ack: tids[0] });
  await pass(179_000);
  expect(await client.call("media/room/get_list")).toMatchObject({ result: "ok" });
  await pass(2000);
  expect(await client.closed).toMatchObject({ code: 4001 });
});

test("[F8] the eleventh ack of a request does not extend it", async () => {
  const { client, pass, tids } = await withUnansweredEvents(1);
  for (let acks = 1; acks <= 10; acks++) {
    client.send({ ack: tids[0] });
    await pass(1000);
  }
  await pass(90_000);
  client.send({ ack: tids[0] });
  await pass(88_000);
  expect(await client.call("media/room/get_list")).toMatchObject({ result: "ok" });
  await pass(2000);
  expect(await client.closed).toMatchObject({ code: 4001 });
});

test("[F8] an ack of one request does not extend the next", async () => {
  const { client, pass, tids } = await withUnansweredEvents(2);
  client.send({ ack: tids[0] });
  await pass(6100);
  expect(await client.closed).toMatchObject({ code: 4001 });
});

test("[F8] a pause of the server is none of the client's: the 5 s begin anew", async () => {
  const { client, clock, pass } = await withUnansweredEvents(1);
  await pass(3000);
  clock.stall(30_000);
  await pass(4900);
  expect(await client.call("media/room/get_list")).toMatchObject({ result: "ok" });
  await pass(2200);
  expect(await client.closed).toMatchObject({ code: 4001 });
});

test("[F8] any result, any data and second answers are accepted", async () => {
  const { client, pass, tids } = await withUnansweredEvents(3);
  client.send({ result: "error", data: { code: 5 }, tid: tids[0] });
  client.send({ result: 17, data: [[]], tid: tids[1] });
  client.send(`{ "tid": ${tids[2]}, "result": null }`);
  client.send({ result: "ok", tid: tids[2] });
  await pass(10_000);
  expect(await client.call("media/room/get_list")).toMatchObject({ result: "ok" });
});

test("[F9] the server pings right after the login answer and then every ping_seconds", async () => {
  const clock = new ManualClock();
  const { url } = await serverForTest({ store: { kind: "memory" }, limits: { ping_seconds: 60 } }, { clock });
  const client = await RawClient.login(url);
  for (let i = 0; i < 3; i++) {
    const ping = await client.next();
    expect(ping).toEqual({ class: "core", cmd: "ping", data: { time: 60 }, tid: expect.any(Number) });
    client.send({ result: "ok", tid: ping.tid, more: 1 });
    expect(await client.settled()).toEqual([]);
    clock.advance(59_000);
    expect(await client.settled()).toEqual([]);
    clock.advance(1000);
  }
});

test("[F9] a client that does not answer a ping is closed", async () => {
  const clock = new ManualClock();
  const { url } = await serverForTest({ store: { kind: "memory" }, limits: { ping_seconds: 60 } }, { clock });
  const client = await RawClient.login(url);
  await client.settled();
  clock.advance(6000);
  expect(await client.closed).toMatchObject({ code: 4001 });
});

test("[F9] the client may ping too", async () => {
  const { url } = await serverForTest({ store: { kind: "memory" } });
  const client = await RawClient.login(url);
  client.send({ class: "core", cmd: "ping", data: { time: 60 }, tid: 1 });
  expect(await client.nextText()).toBe('{"result":"ok","tid":1}');
});

test("[F8] a client that the server does not read from is not closed for its silence", async () => {
  const clock = new ManualClock();
  const store = new SlowStore();
  const { url } = await serverForTest({ limits: { requests_in_flight: 2 } }, { clock, store });
  const client = await RawClient.login(url);
  await client.call("core/event/subscribe", { class: "media" });
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  const { tid } = await client.next();
  store.hold();
  const data = { room_id: "r", msg: {} };
  for (let i = 0; i < 3; i++)
    client.send({ class: "media", subclass: "room", cmd: "msglog_send", data, tid: i });
  client.send({ result: "ok", tid });
  await store.held;
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (let i = 0; i < 20; i++) clock.advance(1000);
  store.release();
  client.answering();
  expect(await client.until((frame) => frame.tid === 2 && frame.result)).toMatchObject({ result: "ok" });
  expect(await client.call("media/room/get_list")).toMatchObject({ result: "ok" });
});

test("[F8] the time of a request begins when its frame has been handed over and it is the eldest", () => {
  const unanswered = new Unanswered();
  unanswered.addEvents(1, 1, 100);
  unanswered.addEvents(2, 1, 200);
  const overdue = (now: number, handed: number) => unanswered.isOverdue(now, handed, 5000);
  expect(overdue(0, 99)).toBe(false);
  expect(overdue(60_000, 99)).toBe(false);
  expect(overdue(61_000, 100)).toBe(false);
  expect(overdue(65_999, 100)).toBe(false);
  expect(overdue(66_000, 100)).toBe(true);
  unanswered.settle(1, { result: "ok", data: undefined });
  expect(overdue(66_000, 200)).toBe(false);
  expect(overdue(71_000, 200)).toBe(true);
});
