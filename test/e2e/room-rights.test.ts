import { expect, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { idsOf } from "../support/in-room.ts";
import { people } from "../support/people.ts";
import { eventsOf, type Frame, RawClient } from "../support/raw-client.ts";
import { dataDirectory } from "../support/server.ts";

const EVERYTHING = ["*"];
const NOBODY_SPECIAL = { ann: EVERYTHING, bob: EVERYTHING, cid: EVERYTHING };

/** Rates that no test here is about. */
const MANY = { requests: 1e6, requests_burst: 1e6 };

/** `limits.window` */
const WINDOW = 8;

/** A call on the room "r". */
const inR = (client: RawClient, cmd: string, data: object = {}): Promise<Frame> =>
  client.call(`media/room/${cmd}`, { room_id: "r", ...data });

/** `ok`, or the error's code. */
async function outcome(answer: Promise<Frame>): Promise<unknown> {
  const { result, data } = await answer;
  return result === "ok" ? "ok" : data.code;
}

const send = (client: RawClient, msg: object = {}) => outcome(inR(client, "msglog_send", { msg }));

/** Ann owns the room "r"; bob and cid are there. */
async function stage(room: object = {}, rights: Parameters<typeof people>[0] = NOBODY_SPECIAL, window = 256) {
  const clock = new ManualClock();
  const all = await people(
    rights,
    { store: { kind: "memory" }, limits: { window, rates: { connection: MANY, user: MANY, address: MANY } } },
    { clock },
  );
  const [ann, bob, cid] = [await all.login("ann"), await all.login("bob"), await all.login("cid")];
  await inR(ann, "create", { class: "chat", ...room });
  return { ...all, clock, ann, bob, cid };
}

const typesOf = (frames: readonly Frame[]) => eventsOf(frames).map(({ type }) => type);

test("[R8] who creates a room owns it: others may not end it, change it or purge its log", async () => {
  const { ann, bob } = await stage();
  for (const client of [bob, ann]) {
    const expected = client === ann ? "ok" : 100030;
    expect(await outcome(inR(client, "msglog_purge", { before: 1 }))).toBe(expected);
    expect(await outcome(inR(client, "update", { retention: {} }))).toBe(expected);
    expect(await outcome(inR(client, "destroy"))).toBe(expected);
  }
});

test("[R8] a role decides in place of what was granted, and everybody in the room is told", async () => {
  const { ann, bob, cid } = await stage();
  await inR(cid, "join");
  expect(await outcome(inR(ann, "grant", { user_id: "bob", role: "viewer" }))).toBe("ok");
  expect(eventsOf(await cid.settled())).toContainEqual({
    class: "media",
    subclass: "room",
    type: "granted",
    obj_id: "r",
    body: { user_id: "bob", role: "viewer", by: "ann" },
  });
  expect(await send(bob)).toBe(100030);
  expect(await outcome(inR(bob, "msglog_get"))).toBe("ok");
  await inR(ann, "grant", { user_id: "bob", role: "none" });
  expect(await send(bob)).toBe("ok");
});

test("[R8] a moderator grants what is below him, an owner everything", async () => {
  const { ann, bob } = await stage();
  expect(await outcome(inR(bob, "grant", { user_id: "cid", role: "member" }))).toBe(100030);
  await inR(ann, "grant", { user_id: "bob", role: "moderator" });
  expect(await outcome(inR(bob, "grant", { user_id: "cid", role: "member" }))).toBe("ok");
  expect(await outcome(inR(bob, "grant", { user_id: "cid", role: "moderator" }))).toBe(100030);
  for (const cmd of ["grant", "ban", "mute", "kick"]) {
    const act = { user_id: "ann", ...(cmd === "grant" && { role: "viewer" }) };
    expect(await outcome(inR(bob, cmd, act))).toBe(100030);
  }
  expect(await outcome(inR(ann, "grant", { user_id: "bob", role: "owner" }))).toBe("ok");
  expect(await outcome(inR(bob, "grant", { user_id: "ann", role: "none" }))).toBe("ok");
  expect((await inR(bob, "get_roles")).data).toEqual({ bob: { role: "owner" }, cid: { role: "member" } });
});

test("[R8] nobody calls himself owner or moderator who is none", async () => {
  const { ann, bob } = await stage();
  expect(await outcome(inR(bob, "join", { role: "moderator" }))).toBe(100037);
  expect(await outcome(inR(bob, "join", { role: "presenter" }))).toBe("ok");
  expect(await outcome(inR(ann, "join", { role: "owner" }))).toBe("ok");
});

test("[R8, R9, R10] roles, bans, mutes and access outlast a restart, and end with the room", async () => {
  const data = dataDirectory();
  const first = await people(NOBODY_SPECIAL, { data });
  const ann = await first.login("ann");
  await inR(ann, "create", { class: "chat", access: { slow_mode: 60 } });
  await inR(ann, "ban", { user_id: "bob" });
  await inR(ann, "mute", { user_id: "cid", seconds: 3600 });
  await first.server.close();

  const second = await people(NOBODY_SPECIAL, { data });
  const [again, bob, cid] = [await second.login("ann"), await second.login("bob"), await second.login("cid")];
  expect(await outcome(inR(bob, "msglog_get"))).toBe(304001);
  expect((await inR(cid, "msglog_send", { msg: {} })).data).toMatchObject({
    code: 304107,
    retry_after_ms: expect.any(Number),
  });
  expect((await inR(again, "get_info")).data.access).toEqual({ slow_mode: 60 });
  expect((await inR(again, "get_roles")).data).toMatchObject({
    ann: { role: "owner" },
    bob: { role: "banned" },
    cid: { muted: true },
  });
  await inR(again, "destroy");
  await inR(again, "create", { class: "chat" });
  expect([await send(bob), await send(cid)]).toEqual(["ok", "ok"]);
});

test("[R9] who is kicked hears of it, then nothing more until he comes again", async () => {
  const { ann, bob } = await stage();
  expect(await outcome(inR(ann, "kick", { user_id: "bob" }))).toBe(100036);
  await inR(bob, "join");
  await inR(bob, "msglog_subscribe", { after: 0 });
  await bob.call("core/event/subscribe", { class: "media", type: "msglog_new_msg", obj_id: "r" });
  await bob.settled();
  expect(await outcome(inR(ann, "kick", { user_id: "bob", reason: "noise" }))).toBe("ok");
  await send(ann);
  const events = eventsOf(await bob.settled());
  expect(events.map(({ type }) => type)).toEqual(["kicked", "stopped_member"]);
  expect(events[0].body).toEqual({ user_id: "bob", reason: "noise", by: "ann" });
  expect((await inR(ann, "get_info")).data.members).toEqual({});
  expect((await bob.call("core/event/get_subscriptions")).data).toHaveLength(2);
  expect(await outcome(inR(bob, "join"))).toBe("ok");
});

test("[R9, E9] who is banned hears of it, then nothing, whatever he had subscribed to", async () => {
  const { ann, bob, clock } = await stage();
  await inR(bob, "join");
  await inR(bob, "msglog_subscribe", { after: 0 });
  await bob.call("core/event/subscribe", { class: "media" });
  await bob.settled();
  expect(await outcome(inR(ann, "ban", { user_id: "bob", seconds: 60, reason: "spam" }))).toBe("ok");
  await send(ann);
  const events = eventsOf(await bob.settled());
  expect(events.map(({ type }) => type)).toEqual(["banned"]);
  const until = clock.wall() + 60e6;
  expect(events[0].body).toEqual({ user_id: "bob", until, reason: "spam", by: "ann" });
  expect((await inR(ann, "get_roles")).data.bob).toEqual({ role: "banned", until });
  for (const cmd of ["join", "msglog_get", "msglog_subscribe", "get_info"])
    expect([cmd, await outcome(inR(bob, cmd))]).toEqual([cmd, 304001]);

  clock.wallNow += 60e6;
  expect(await outcome(inR(bob, "msglog_get"))).toBe("ok");
  await send(ann);
  expect(typesOf(await bob.settled())).toContain("msglog_new_msg");
});

test("[R9] a ban while 100 messages run: no event after the answer", async () => {
  const { ann, bob } = await stage();
  await inR(bob, "msglog_subscribe", { after: 0 });
  const request = (cmd: string, data: object) =>
    ann.send({ class: "media", subclass: "room", cmd, data: { room_id: "r", ...data }, tid: 0 });
  for (let n = 1; n <= 100; n++) request("msglog_send", { msg: { n } });
  request("ban", { user_id: "bob" });
  for (let n = 101; n <= 120; n++) request("msglog_send", { msg: { n } });
  expect((await inR(ann, "msglog_info")).data.last_id).toBe(120);
  const ids = idsOf(eventsOf(await bob.settled()).map((data) => ({ data })));
  expect(ids).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
});

test.for([
  ["is banned", "ban", {}],
  ["may not read the log any more", "set_access", { join: "invited" }],
] as const)("[E9, M11] what waits for who %s does not come", async ([, cmd, data]) => {
  const { ann, url } = await stage({}, NOBODY_SPECIAL, WINDOW);
  const bob = await RawClient.connect(url);
  await bob.call("core/user/login", { user: "bob", password: "secret", session_id: "slow" });
  await inR(bob, "msglog_subscribe", { after: 0 });
  for (let n = 1; n <= WINDOW + 5; n++) await inR(ann, "msglog_send", { msg: { n } });
  await inR(ann, cmd, { ...(cmd === "ban" && { user_id: "bob" }), ...data });
  await inR(ann, "set_access", { join: "anyone" });
  await inR(ann, "grant", { user_id: "bob", role: "none" });
  await inR(ann, "msglog_send", { msg: { canary: 1 } });
  const before = eventsOf(await bob.settled()).filter(({ type }) => type === "msglog_new_msg");
  expect(idsOf(before.map((frame) => ({ data: frame })))).toEqual(
    Array.from({ length: WINDOW }, (_, i) => i + 1),
  );
  bob.answering();
  expect(typesOf(await bob.settled())).toEqual([]);
});

test("[R9] who is muted reads and does not speak, for a while or until he may again", async () => {
  const { ann, bob, clock } = await stage();
  expect(await outcome(inR(ann, "mute", { user_id: "bob", seconds: 10 }))).toBe("ok");
  expect((await inR(bob, "msglog_send", { msg: {} })).data).toEqual({
    code: 304107,
    error: "Muted",
    retry_after_ms: 10_000,
  });
  expect(await outcome(inR(bob, "send_info", { info: "typing" }))).toBe(304107);
  expect(await outcome(inR(bob, "set_status", { class: "hand", data: {} }))).toBe(304107);
  expect(await outcome(inR(bob, "msglog_get"))).toBe("ok");
  clock.wallNow += 10e6;
  expect(await send(bob)).toBe("ok");
  await inR(ann, "mute", { user_id: "bob" });
  expect(await send(bob)).toBe(304107);
  await inR(ann, "mute", { user_id: "bob", seconds: 0 });
  expect(await send(bob)).toBe("ok");
});

test("[R10] in a read-only room only moderators speak", async () => {
  const { ann, bob, cid } = await stage({ access: { read_only: true } });
  await inR(ann, "grant", { user_id: "cid", role: "moderator" });
  expect(await send(bob)).toBe(304108);
  expect([await send(ann), await send(cid)]).toEqual(["ok", "ok"]);
  expect(await outcome(inR(bob, "set_access", {}))).toBe(100030);
  await inR(bob, "join");
  expect(await outcome(inR(cid, "set_access", { slow_mode: 1 }))).toBe("ok");
  expect(await send(bob)).toBe(304108);
  expect(await outcome(inR(cid, "set_access", { read_only: false, slow_mode: 0 }))).toBe("ok");
  await bob.settled();
  const bodies = eventsOf(bob.texts.map((text) => JSON.parse(text))).filter(({ type }) => type === "access");
  expect(bodies.map(({ body }) => body)).toEqual([
    { read_only: true, slow_mode: 1, by: "cid" },
    { by: "cid" },
  ]);
  expect(await send(bob)).toBe("ok");
});

test("[R10] slow mode: one message of a user in so many seconds, moderators as they like", async () => {
  const { ann, bob, cid, clock } = await stage({ access: { slow_mode: 30 } });
  expect([await send(bob), await send(cid), await send(ann), await send(ann)]).toEqual(Array(4).fill("ok"));
  clock.advance(10_000);
  expect((await inR(bob, "msglog_send", { msg: {} })).data).toMatchObject({
    code: 304102,
    retry_after_ms: 20_000,
  });
  clock.advance(20_000);
  expect(await send(bob)).toBe("ok");
});

test("[R10] into a room by invitation comes who has a role; for others it is not there", async () => {
  const { ann, bob, cid } = await stage({ access: { join: "invited" } });
  await inR(ann, "grant", { user_id: "cid", role: "member" });
  await bob.call("core/event/subscribe", { class: "media" });
  expect(await outcome(inR(cid, "join"))).toBe("ok");
  for (const cmd of ["join", "msglog_get", "msglog_subscribe", "get_info", "msglog_info"])
    expect([cmd, await outcome(inR(bob, cmd))]).toEqual([cmd, 304001]);
  expect(await send(bob)).toBe(304001);
  await send(cid);
  expect(eventsOf(await bob.settled())).toEqual([]);
  expect((await bob.call("media/room/get_list")).data).toEqual([]);
  expect((await cid.call("media/room/get_list")).data).toEqual([{ room_id: "r", class: "chat" }]);
});

test("[R10] a room that closes its door puts out who has no role", async () => {
  const { ann, bob, cid } = await stage();
  await inR(ann, "grant", { user_id: "cid", role: "member" });
  for (const client of [bob, cid]) await inR(client, "join");
  await inR(bob, "msglog_subscribe", { after: 0 });
  await inR(ann, "set_access", { join: "invited" });
  await send(ann);
  expect(Object.keys((await inR(ann, "get_info")).data.members)).toEqual(["cid"]);
  expect(typesOf(await bob.settled())).not.toContain("msglog_new_msg");
  expect(typesOf(await cid.settled())).toContain("msglog_new_msg");
});

test("[R10] into a room by token comes whose rights name it", async () => {
  const rights = { ...NOBODY_SPECIAL, cid: ["*", { right: "room_join", rooms: "r" }] };
  const { bob, cid } = await stage({ access: { join: "token" } }, rights);
  expect(await outcome(inR(bob, "join"))).toBe(304001);
  expect(await outcome(inR(cid, "join"))).toBe("ok");
  expect(await send(cid)).toBe("ok");
});

test("[R10, L10] who has no right is not told which rooms there are", async () => {
  const { bob } = await stage({}, { ...NOBODY_SPECIAL, bob: [{ right: "*", rooms: "team-*" }] });
  for (const room_id of ["r", "no-such-room"]) {
    const answer = await bob.call("media/room/msglog_get", { room_id });
    expect(answer.data).toEqual({ code: 100030, error: "Unauthorized" });
  }
});

test("[L10] rights in some rooms count there, and nowhere else", async () => {
  const team = [{ right: "*", rooms: "team-*" }];
  const { ann, bob } = await stage({}, { ...NOBODY_SPECIAL, bob: team });
  await ann.call("media/room/create", { class: "chat", room_id: "team-1" });
  expect(await outcome(bob.call("media/room/msglog_send", { room_id: "team-1", msg: {} }))).toBe("ok");
  expect(await outcome(bob.call("media/room/create", { class: "chat", room_id: "team-2" }))).toBe("ok");
  expect(await outcome(bob.call("media/room/create", { class: "chat", room_id: "x" }))).toBe(100030);
  expect(await outcome(bob.call("media/room/create", { class: "chat" }))).toBe(100030);
  const list = (await bob.call("media/room/get_list", { limit: 2 })).data;
  expect(list.map(({ room_id }: Frame) => room_id)).toEqual(["team-1", "team-2"]);
});

test("[E9] a wildcard subscription brings what may be read, and nothing else", async () => {
  const { ann, bob } = await stage({}, { ...NOBODY_SPECIAL, bob: [{ right: "*", rooms: "team-*" }] });
  await bob.call("core/event/subscribe", { class: "*" });
  await ann.call("media/room/create", { class: "chat", room_id: "team-1" });
  await ann.call("media/room/msglog_send", { room_id: "team-1", msg: { ok: 1 } });
  await ann.call("core/user/send_event", { user: "cid", type: "secret", body: { canary: 1 } });
  await ann.call("core/session/send_event", { session_id: "cid", type: "secret", body: { canary: 1 } });
  await ann.call("core/user/send_event", { user: "bob", type: "mine" });
  await send(ann, { canary: 1 });
  const frames = await bob.settled();
  expect(typesOf(frames)).toEqual(["created", "msglog_new_msg", "mine"]);
  expect(JSON.stringify(frames)).not.toContain("canary");
});

test("[R11] without msglog_history the log begins for a user when he first joins", async () => {
  const newcomer = ["room_join", "room_read", "msglog_get", "subscribe"];
  const { ann, bob } = await stage({}, { ...NOBODY_SPECIAL, bob: newcomer });
  const ids = async () => idsOf((await inR(bob, "msglog_get")).data);
  await send(ann);
  expect(await ids()).toEqual([]);
  expect((await inR(bob, "msglog_subscribe", { after: 0 })).data).toMatchObject({
    first_id: 2,
    recovered: false,
  });
  expect((await inR(bob, "join")).data).toMatchObject({ last_id: 1 });
  await send(ann);
  await send(ann);
  await inR(bob, "leave");
  await inR(bob, "join");
  expect(await ids()).toEqual([2, 3]);
  expect(idsOf((await inR(bob, "msglog_get", { order: "desc", limit: 1 })).data)).toEqual([3]);
  expect((await inR(bob, "msglog_subscribe", { after: 0 })).data).toMatchObject({ first_id: 2, last_id: 3 });
  expect(idsOf((await inR(ann, "msglog_get")).data)).toEqual([1, 2, 3]);
});

test("[R11] [M23] digests begin where the log begins for the user", async () => {
  const { ann, bob } = await stage({ access: { history: "joined" } });
  for (let n = 0; n < 2; n++) await send(ann);
  await inR(bob, "join");
  await send(ann);
  const at = (msg_id: number) => outcome(inR(bob, "msglog_digest", { at: msg_id }));
  expect([await at(1), await at(2), await at(3)]).toEqual([304110, "ok", "ok"]);
  expect(await outcome(inR(ann, "msglog_digest", { at: 1 }))).toBe("ok");
});

test("[R11] a room may keep what was said from all who come later", async () => {
  const { ann, bob } = await stage({ access: { history: "joined" } });
  await send(ann);
  for (const range of [{}, { to_time: 1 }, { from_time: 1, order: "desc" }])
    expect(idsOf((await inR(bob, "msglog_get", range)).data)).toEqual([]);
  await inR(bob, "join");
  await send(ann);
  expect(idsOf((await inR(bob, "msglog_get")).data)).toEqual([2]);
  expect(idsOf((await inR(ann, "msglog_get")).data)).toEqual([1, 2]);
});

test("[R8, M12] the log of an ended life is for those who might read it when it ended", async () => {
  const { ann, bob, cid } = await stage({ access: { join: "invited" } });
  await inR(ann, "grant", { user_id: "cid", role: "viewer" });
  await send(ann);
  await inR(ann, "destroy");
  const last = { epoch: "last" };
  expect(await outcome(inR(bob, "msglog_get", last))).toBe(304001);
  expect(idsOf((await inR(cid, "msglog_get", last)).data)).toEqual([1]);
  await inR(bob, "create", { class: "chat" });
  expect(await outcome(inR(cid, "msglog_get"))).toBe("ok");
  expect(await outcome(inR(bob, "msglog_get", last))).toBe(304001);
  const [life] = (await inR(ann, "msglog_epochs")).data;
  expect(life).toMatchObject({ last_id: 1, count: 1 });
  expect((await inR(bob, "msglog_epochs")).data).toEqual([]);
  expect(await outcome(inR(bob, "msglog_info", { epoch: life.epoch }))).toBe(304106);
  expect(await outcome(inR(bob, "msglog_purge", { epoch: life.epoch, before: 2 }))).toBe(304106);
  expect(await outcome(inR(cid, "msglog_info", { epoch: life.epoch }))).toBe("ok");
});

test("[R8, R9] who is banned does not make himself owner by a request on its way", async () => {
  const { ann, bob, login } = await stage();
  await inR(ann, "grant", { user_id: "bob", role: "owner" });
  const second = await login("bob", "b2");
  const request = { class: "media", subclass: "room", cmd: "grant", tid: 0 };
  const data = { room_id: "r", user_id: "bob", role: "owner" };
  const banned = outcome(inR(ann, "ban", { user_id: "bob" }));
  for (let n = 0; n < 20; n++) for (const client of [bob, second]) client.send({ ...request, data });
  expect(await banned).toBe("ok");
  for (const client of [bob, second]) await client.settled();
  expect((await inR(ann, "get_roles")).data.bob).toEqual({ role: "banned" });
});

test("[R8] a room says something of 10,000 users and no more; what is over does not count", async () => {
  const { ann, cid, clock } = await stage();
  const request = { class: "media", subclass: "room", cmd: "ban", tid: 0 };
  for (let n = 1; n < 10_000; n++)
    ann.send({ ...request, data: { room_id: "r", user_id: `u${n}`, ...(n === 7 && { seconds: 60 }) } });
  expect(await outcome(inR(ann, "ban", { user_id: "bob" }))).toBe("ok");
  expect((await inR(ann, "ban", { user_id: "cid" })).data).toMatchObject({ code: 100050, limit: 10_000 });
  await inR(cid, "join");
  expect(await outcome(inR(ann, "kick", { user_id: "cid" }))).toBe("ok");
  expect(await outcome(inR(ann, "grant", { user_id: "u5", role: "none" }))).toBe("ok");
  clock.wallNow += 60e6;
  expect(await outcome(inR(ann, "ban", { user_id: "cid" }))).toBe("ok");
  expect(await outcome(inR(ann, "ban", { user_id: "eve" }))).toBe("ok");
  expect(await outcome(inR(ann, "ban", { user_id: "fay" }))).toBe(100050);
}, 60_000);

test("[R4] with create_on_join the first who may join a room makes it, and nobody owns it", async () => {
  const services = { main: { room: { create_on_join: "chat" } } };
  const rights = { ann: [{ right: "*", rooms: "team-1" }], bob: [] };
  const { login } = await people(rights, { store: { kind: "memory" }, services });
  const [ann, bob] = [await login("ann"), await login("bob")];
  const join = (client: RawClient, room_id: string) => outcome(client.call("media/room/join", { room_id }));
  expect(await join(bob, "team-1")).toBe(100030);
  expect(await join(ann, "team-2")).toBe(100030);
  expect(await join(ann, "team-1")).toBe("ok");
  expect(await join(ann, "team-1")).toBe("ok");
  expect((await ann.call("media/room/get_list")).data).toEqual([{ room_id: "team-1", class: "chat" }]);
  expect(await outcome(ann.call("media/room/destroy", { room_id: "team-1" }))).toBe(100030);
});

test("[R4] memberships count as subscriptions, also without one", async () => {
  const { login } = await people(
    { ann: EVERYTHING },
    { store: { kind: "memory" }, limits: { subscriptions: 4 } },
  );
  const ann = await login("ann");
  const join = async (room_id: string) => {
    await ann.call("media/room/create", { class: "chat", room_id });
    const answer = await outcome(ann.call("media/room/join", { room_id }));
    await ann.call("core/event/unsubscribe", { class: "media", subclass: "room", obj_id: room_id });
    return answer;
  };
  const answers = [];
  for (const room_id of ["a", "b", "c", "d", "e"]) answers.push(await join(room_id));
  expect(answers).toEqual(["ok", "ok", "ok", "ok", 100050]);
});

test("[R3] a list goes on behind the rooms that are not shown", async () => {
  const { ann, bob } = await stage({ access: { join: "invited" } });
  for (let n = 0; n < 1500; n++)
    ann.send({
      ...{ class: "media", subclass: "room", cmd: "create", tid: 0 },
      data: { class: "chat", room_id: `a${n}`, access: { join: "invited" } },
    });
  for (const room_id of ["z1", "z2", "z3"]) await ann.call("media/room/create", { class: "chat", room_id });
  const { data } = await bob.call("media/room/get_list", { limit: 2 });
  expect(data.map(({ room_id }: Frame) => room_id)).toEqual(["z1", "z2"]);
});

test("[E2] who may not listen to other services is not told which there are", async () => {
  const services = { a: {}, b: { listeners: [{ path: "/b" }] } };
  const { login } = await people({ ann: EVERYTHING }, { store: { kind: "memory" }, services });
  const ann = await login("ann");
  for (const service of ["b", "no-such"])
    for (const cmd of ["subscribe", "unsubscribe"])
      expect(await outcome(ann.call(`core/event/${cmd}`, { class: "media", service }))).toBe(100030);
});
