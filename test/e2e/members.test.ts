import { definePlugin } from "roomlog/plugin";
import { expect, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { eventsOf, RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

/** A room "r" with a listener, and a clock that stands still. */
async function stage(room: object = {}) {
  const clock = new ManualClock();
  const data = dataDirectory();
  const settings = { services: { main: { room: { member_grace_seconds: 10 } } } };
  const { url } = await serverForTest({ data, ...settings, limits: { idle_seconds: 86_400 } }, { clock });
  const listener = (await RawClient.login(url, "listener", "l1")).answering();
  await listener.call("media/room/create", { class: "chat", room_id: "r", ...room });
  await listener.call("core/event/subscribe", { class: "media" });
  const heard = async () =>
    eventsOf(await listener.settled()).map(({ type, obj_id, body }) => ({ type, obj_id, body }));
  const pass = (seconds: number) => {
    for (let i = 0; i < seconds; i++) clock.advance(1000);
  };
  return { url, listener, heard, pass, clock };
}

const ANN = { session_id: "a1", user_id: "ann", role: "member" };

test("[R4] join answers with the members and where the log stands, and tells the others", async () => {
  const { url, listener, heard } = await stage();
  await listener.call("media/room/msglog_send", { room_id: "r", msg: {} });
  await heard();
  const ann = (await RawClient.login(url, "ann", "a1")).answering();
  const { data } = await ann.call("media/room/join", { room_id: "r", meta: { name: "Ann" } });
  expect(data).toEqual({
    members: { a1: { user_id: "ann", role: "member", meta: { name: "Ann" } } },
    last_id: 1,
    epoch: expect.any(String),
  });
  const arrived = { type: "started_member", obj_id: "r", body: { ...ANN, meta: { name: "Ann" } } };
  expect(await heard()).toEqual([arrived]);
  // Joined means subscribed: Ann hears of herself, after the answer.
  expect((await ann.next()).data).toMatchObject(arrived);
  const { members } = (await listener.call("media/room/get_info", { room_id: "r" })).data;
  expect(members).toEqual(data.members);
});

test("[R4] leave tells the others and ends the subscription; who is not there is 100036", async () => {
  const { url, listener, heard } = await stage();
  const ann = (await RawClient.login(url, "ann", "a1")).answering();
  await ann.call("media/room/join", { room_id: "r", role: "owner" });
  expect(await ann.call("media/room/leave", { room_id: "r" })).toMatchObject({ result: "ok" });
  expect((await heard()).at(-1)).toEqual({
    type: "stopped_member",
    obj_id: "r",
    body: { ...ANN, role: "owner" },
  });
  expect((await ann.call("media/room/leave", { room_id: "r" })).data).toEqual({
    code: 100036,
    error: "Member not found",
  });
  await listener.call("media/room/msglog_send", { room_id: "r", msg: {} });
  expect(eventsOf(await ann.settled())).toEqual([]);
  expect((await ann.call("media/room/join", { room_id: "none" })).data.code).toBe(304001);
});

test("[R4] leave answers before it tells, and changes nothing for who is not a member", async () => {
  const { listener } = await stage();
  await listener.call("media/room/join", { room_id: "r" });
  listener.send({ class: "media", subclass: "room", cmd: "leave", data: { room_id: "r" }, tid: "leave" });
  const first = await listener.until(
    (frame) => frame.tid === "leave" || frame.data?.type === "stopped_member",
  );
  expect(first).toEqual({ result: "ok", tid: "leave" });
  const own = { class: "media", subclass: "room", obj_id: "r" };
  await listener.call("core/event/subscribe", own);
  await listener.call("media/room/leave", { room_id: "r" });
  expect((await listener.call("core/event/get_subscriptions")).data[0]).toMatchObject(own);
});

test("[R5] what was given as status comes back with the same value", async () => {
  const { listener } = await stage();
  const data = '{"n":12345678901234567890,"z":1.0,"o":{ }}';
  listener.send(
    `{"class":"media","subclass":"room","cmd":"set_status","tid":1,"data":{"room_id":"r","class":"c","data":${data}}}`,
  );
  await listener.settled();
  await listener.call("media/room/get_info", { room_id: "r" });
  expect(listener.texts.filter((text) => text.includes(data))).toHaveLength(2);
});

test("[R4] what was given as meta comes back with the same value", async () => {
  const { listener } = await stage();
  const meta = '{"n":12345678901234567890,"z":1.0,"o":{ }}';
  listener.send(
    `{"class":"media","subclass":"room","cmd":"join","tid":1,"data":{"room_id":"r","meta":${meta}}}`,
  );
  await listener.settled();
  await listener.call("media/room/get_info", { room_id: "r" });
  await listener.call("media/room/leave", { room_id: "r" });
  await listener.settled();
  // The answer, started_member, get_info, stopped_member reaches who is subscribed to all.
  expect(listener.texts.filter((text) => text.includes(meta))).toHaveLength(4);
});

test("[R4] joining again changes role and meta without an event", async () => {
  const { url, heard } = await stage();
  const ann = (await RawClient.login(url, "ann", "a1")).answering();
  await ann.call("media/room/join", { room_id: "r" });
  const { data } = await ann.call("media/room/join", { room_id: "r", role: "owner" });
  expect(data.members).toEqual({ a1: { user_id: "ann", role: "owner" } });
  expect(await heard()).toHaveLength(1);
});

test("[R4] who loses the connection leaves after room.member_grace_seconds", async () => {
  const { url, heard, pass } = await stage();
  const ann = (await RawClient.login(url, "ann", "a1")).answering();
  await ann.call("media/room/join", { room_id: "r" });
  await ann.close();
  expect(await heard()).toHaveLength(1);
  pass(9);
  expect(await heard()).toEqual([]);
  pass(2);
  expect(await heard()).toEqual([{ type: "stopped_member", obj_id: "r", body: ANN }]);
});

test("[R4] who comes back in time with user and session id is still a member, without events", async () => {
  const { url, listener, heard, pass } = await stage();
  const before = (await RawClient.login(url, "ann", "a1")).answering();
  await before.call("media/room/join", { room_id: "r" });
  await before.close();
  await heard();
  pass(9);
  const after = (await RawClient.login(url, "ann", "a1")).answering();
  pass(20);
  expect(await heard()).toEqual([]);
  await listener.call("media/room/msglog_send", { room_id: "r", msg: {} });
  expect(eventsOf(await after.settled())).toMatchObject([{ type: "msglog_new_msg" }]);
});

test("[R4] the session id of a member who is away is not given to another user before he has left", async () => {
  const { url, heard, pass } = await stage();
  const ann = (await RawClient.login(url, "ann", "a1")).answering();
  await ann.call("media/room/join", { room_id: "r" });
  await ann.close();
  await heard();
  const mallory = await RawClient.connect(url);
  const answer = await mallory.call("core/user/login", { user: "mallory", session_id: "a1" });
  expect(answer).toMatchObject({ data: { code: 100034 } });
  expect(await mallory.closed).toMatchObject({ code: 4503 });
  pass(11);
  expect(await heard()).toEqual([{ type: "stopped_member", obj_id: "r", body: ANN }]);
  await RawClient.login(url, "mallory", "a1");
});

test("[R4, L4] nor is that of a member who is closed because he did not answer for it", async () => {
  const { url, heard, pass } = await stage();
  const ann = await RawClient.login(url, "ann", "a1");
  await ann.call("media/room/join", { room_id: "r" });
  await heard();
  const mallory = await RawClient.connect(url);
  const answer = mallory.call("core/user/login", { user: "mallory", session_id: "a1" });
  await ann.until(({ cmd }) => cmd === "ping");
  pass(2);
  expect(await ann.closed).toMatchObject({ code: 4001 });
  expect(await answer).toMatchObject({ data: { code: 100034 } });
});

test("[R4] a room that is destroyed has no members and no subscribers in its next life", async () => {
  const { url, listener } = await stage();
  const ann = (await RawClient.login(url, "ann", "a1")).answering();
  await ann.call("media/room/join", { room_id: "r" });
  await listener.call("media/room/destroy", { room_id: "r" });
  expect(eventsOf(await ann.settled()).at(-1)).toMatchObject({ type: "destroyed" });
  await listener.call("media/room/create", { class: "chat", room_id: "r" });
  expect(eventsOf(await ann.settled())).toEqual([]);
  expect((await listener.call("media/room/get_info", { room_id: "r" })).data.members).toEqual({});
});

test("[R5] set_status is shown by get_info and fires status", async () => {
  const { url, listener, heard } = await stage();
  const ann = (await RawClient.login(url, "ann", "a1")).answering();
  await ann.call("media/room/set_status", { room_id: "r", class: "recording", data: { on: true } });
  await ann.call("media/room/set_status", { room_id: "r", class: "__proto__", data: {} });
  const from = { user_id: "ann", session_id: "a1" };
  expect((await heard())[0]).toEqual({
    type: "status",
    obj_id: "r",
    body: { class: "recording", data: { on: true }, ...from },
  });
  const { status } = (await listener.call("media/room/get_info", { room_id: "r" })).data;
  expect(Object.entries(status)).toEqual([
    ["recording", { on: true }],
    ["__proto__", {}],
  ]);
  expect((await ann.call("media/room/set_status", { room_id: "none", class: "c", data: {} })).data.code).toBe(
    304001,
  );
});

test("[R5] the answer precedes the sender's own copy of status and info", async () => {
  const { listener } = await stage();
  for (const [cmd, more] of [
    ["set_status", { class: "c", data: {} }],
    ["send_info", { info: "x" }],
  ] as const) {
    listener.send({ class: "media", subclass: "room", cmd, data: { room_id: "r", ...more }, tid: cmd });
    const { tid } = await listener.until((frame) => frame.tid === cmd || frame.data?.type);
    expect(tid).toBe(cmd);
    await listener.until((frame) => frame.data?.type);
  }
});

test("[R5] send_info is delivered and not stored", async () => {
  const { url, listener, heard } = await stage();
  const ann = (await RawClient.login(url, "ann", "a1")).answering();
  await ann.call("media/room/send_info", { room_id: "r", info: "typing", meta: { on: true } });
  const from = { user_id: "ann", session_id: "a1" };
  expect(await heard()).toEqual([
    { type: "info", obj_id: "r", body: { info: "typing", meta: { on: true }, ...from } },
  ]);
  expect((await listener.call("media/room/msglog_get", { room_id: "r" })).data).toEqual([]);
  expect((await ann.call("media/room/send_info", { room_id: "r" })).data.error).toBe("Missing field: info");
});

test("[R6] a room ends when nothing happened for its timeout", async () => {
  const { listener, heard, pass } = await stage({ timeout: 60 });
  for (const act of ["msglog_send", "msglog_get", "set_status", "send_info", "join", "leave"]) {
    pass(59);
    expect(
      await listener.call(`media/room/${act}`, { room_id: "r", msg: {}, class: "c", data: {}, info: "x" }),
    ).toMatchObject({
      result: "ok",
    });
    await heard();
  }
  pass(59);
  expect(await listener.call("media/room/get_info", { room_id: "r" })).toMatchObject({ result: "ok" });
  expect(await heard()).toEqual([]);
  pass(1);
  await expect
    .poll(heard)
    .toEqual([{ type: "destroyed", obj_id: "r", body: { code: 100005, reason: "Timeout" } }]);
  expect(await listener.call("media/room/get_info", { room_id: "r" })).toMatchObject({
    data: { code: 304001 },
  });
});

test("[R6] a timeout survives a restart; without one a room stays", async () => {
  const data = dataDirectory();
  const first = await serverForTest({ data });
  const before = (await RawClient.login(first.url)).answering();
  await before.call("media/room/create", { class: "chat", room_id: "short", timeout: 5 });
  await before.call("media/room/create", { class: "chat", room_id: "long" });
  await first.close();
  const clock = new ManualClock();
  const { url } = await serverForTest({ data, limits: { idle_seconds: 86_400 } }, { clock });
  const after = (await RawClient.login(url)).answering();
  for (let i = 0; i < 4000; i++) clock.advance(1000);
  await expect
    .poll(async () => (await after.call("media/room/get_list")).data)
    .toEqual([{ room_id: "long", class: "chat" }]);
});

test("[R6] room.default_timeout is for rooms without one", async () => {
  const clock = new ManualClock();
  const services = { main: { room: { default_timeout: 5 } } };
  const { url } = await serverForTest({ store: { kind: "memory" }, services }, { clock });
  const client = (await RawClient.login(url)).answering();
  await client.call("media/room/create", { class: "chat", room_id: "default" });
  await client.call("media/room/create", { class: "chat", room_id: "own", timeout: 60 });
  for (let i = 0; i < 10; i++) clock.advance(1000);
  await expect
    .poll(async () => (await client.call("media/room/get_list")).data)
    .toEqual([{ room_id: "own", class: "chat" }]);
});

test("[R4] the answer to a join shows who is there when it is given", async () => {
  const [met, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = definePlugin({
    name: "slow",
    needs: ["room"],
    setup: () => ({
      hooks: {
        "room.join": async (join, next) => {
          const answer = await next(join);
          if (join.session.identity.user_id !== "ann") return answer;
          met.resolve();
          await go.promise;
          return answer;
        },
      },
    }),
  });
  const services = { main: { plugins: ["core", "room", "msglog", "slow"] } };
  const { url } = await serverForTest({ store: { kind: "memory" }, services }, { plugins: [slow] });
  const bob = (await RawClient.login(url, "bob", "b1")).answering();
  await bob.call("media/room/create", { class: "chat", room_id: "r" });
  await bob.call("media/room/join", { room_id: "r" });
  const ann = (await RawClient.login(url, "ann", "a1")).answering();
  const joined = ann.call("media/room/join", { room_id: "r" });
  await met.promise;
  await bob.call("media/room/kick", { room_id: "r", user_id: "ann" });
  go.resolve();
  expect(Object.keys((await joined).data.members)).toEqual(["b1"]);
  const { members } = (await bob.call("media/room/get_info", { room_id: "r" })).data;
  expect(Object.keys(members)).toEqual(["b1"]);
  await bob.settled();
  const told = eventsOf(bob.texts.map((text) => JSON.parse(text)));
  expect(told.filter(({ body }) => body.session_id === "a1").map(({ type }) => type)).toEqual([
    "stopped_member",
  ]);
});
