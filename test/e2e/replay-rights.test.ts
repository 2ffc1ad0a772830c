import type { ConfigInput } from "roomlog";
import { expect, test } from "vitest";
import { MemoryStore } from "../../packages/server/src/store/memory.ts";
import type { StandingQuery } from "../../packages/server/src/store/store.ts";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { inRoom, roomCalls } from "../support/in-room.ts";
import { people } from "../support/people.ts";
import { RawClient } from "../support/raw-client.ts";
import { at, got, recorded, replayCalls, T0 } from "../support/replaying.ts";
import { SECRET, token } from "../support/tokens.ts";

const memory = { store: { kind: "memory" } } as const;
const READ = ["room_join", "room_read", "subscribe", "msglog_get", "msglog_history"];

/** What came of replays: `[id, body, $log]` of each message. */
function shown(client: RawClient) {
  return client.texts
    .map((text) => JSON.parse(text))
    .filter(({ cmd, data }) => cmd === "event" && data.body?.$log?.replay)
    .map(({ data: { body } }) => {
      const { msg_id, user_id, session_id, timestmap, $log, ...msg } = body;
      const { replay, ...log } = $log;
      return [msg_id, msg, log];
    });
}

/** Ann made the room "r" and sent a message each second; eve has these rights. */
async function stage(eves: Parameters<typeof people>[0][string], access = {}) {
  const clock = new ManualClock();
  const { url, login } = await people({ ann: ["*"], eve: eves }, memory, { clock });
  const ann = await login("ann");
  await ann.call("media/room/create", { class: "chat", room_id: "r", access });
  const send = roomCalls(ann).send;
  const eve = await login("eve");
  const pass = async (ms: number) => {
    clock.advance(ms);
    await eve.settled();
  };
  return { url, clock, login, ann, eve, send, pass, ...replayCalls(eve) };
}

test("[M26] a log that cannot be read when rights change ends the connection, as in every other reading", async () => {
  let fails = false;
  class FailingStore extends MemoryStore {
    override standing(query: StandingQuery) {
      return fails ? Promise.reject(new Error("unreadable")) : super.standing(query);
    }
  }
  const room = await inRoom({}, { store: new FailingStore() });
  await room.send({ n: 1 });
  await room.reborn();
  const bob = await RawClient.login(room.url, "bob");
  expect(await replayCalls(bob).play({ epoch: "last", paused: true })).toMatchObject({ result: "ok" });
  fails = true;
  room.client.send({
    class: "media",
    subclass: "room",
    cmd: "grant",
    data: { room_id: "r", user_id: "bob", role: "member" },
    tid: 1,
  });
  expect(await bob.closed).toMatchObject({ code: 1011 });
});

test("[M26, M15] final: each message as it is now, at its own time, without what was deleted", async () => {
  const { client, play, pass, bob, until, send } = await recorded([0]);
  const change = (cmd: string, data: object) =>
    client.call(`media/room/msglog_${cmd}`, { room_id: "r", ...data });
  until(1);
  await send({ n: 2 });
  until(2);
  await change("edit", { msg_id: 1, msg: { n: 1, new: true } });
  until(3);
  await change("delete", { msg_id: 2 });
  until(4);
  await send({ n: 5 });
  await play();
  await pass(0);
  expect(shown(bob)).toEqual([
    [1, { n: 1, new: true }, { edited: { msg_id: 3, user_id: "ann", timestmap: at(2) } }],
  ]);
  await pass(3999);
  expect(shown(bob)).toHaveLength(1);
  await pass(1);
  expect(shown(bob).slice(1)).toEqual([[5, { n: 5 }, {}]]);
});

test.for([memory, {}])("[M26, M15] then: as it was sent, and each change at its time, %j", async (store) => {
  const { client, play, pass, bob, until, send } = await recorded([0], store);
  const change = (cmd: string, data: object) =>
    client.call(`media/room/msglog_${cmd}`, { room_id: "r", ...data });
  until(1);
  await send({ n: 2 }, { ref: 1 });
  until(2);
  await change("edit", { msg_id: 1, msg: { n: 1, new: true } });
  until(3);
  await change("delete", { msg_id: 2, reason: "spam" });
  await play({ as: "then" });
  const expected = [
    [1, { n: 1 }, {}],
    // In open mode everybody moderates.
    [2, { n: 2 }, { ref: 1 }],
    [3, { n: 1, new: true }, { op: "edit", ref: 1 }],
    [4, { reason: "spam" }, { op: "delete", ref: 2 }],
  ];
  await pass(0);
  for (let n = 1; n <= 4; n++) {
    await expect.poll(() => shown(bob)).toEqual(expected.slice(0, n));
    await pass(1000);
  }
  await expect.poll(() => got(bob).at(-1)).toBe("done");
});

test("[M26, M15] then: what is deleted now only who moderates sees; for others it is empty, as are its edits", async () => {
  const { ann, eve, send, play, pass } = await stage(READ);
  const change = (cmd: string, data: object) =>
    ann.call(`media/room/msglog_${cmd}`, { room_id: "r", ...data });
  await send({ n: 1 });
  await send({ n: 2 });
  await change("edit", { msg_id: 1, msg: { n: 1, new: true } });
  await change("edit", { msg_id: 2, msg: { n: 2, new: true } });
  await change("delete", { msg_id: 1 });
  await play({ as: "then" });
  await pass(0);
  const deleted = { msg_id: 5, user_id: "ann", timestmap: T0 };
  expect(shown(eve)).toEqual([
    [1, {}, { deleted }],
    [2, { n: 2 }, {}],
    [3, {}, { op: "edit", ref: 1, deleted }],
    [4, { n: 2, new: true }, { op: "edit", ref: 2 }],
    [5, {}, { op: "delete", ref: 1 }],
  ]);
  await replayCalls(ann).play({ as: "then" });
  await ann.settled();
  expect(shown(ann).map(([, msg]) => msg)).toEqual([
    { n: 1 },
    { n: 2 },
    { n: 1, new: true },
    { n: 2, new: true },
    {},
  ]);
});

test("[M26] what is deleted while it waits to be due does not come", async () => {
  const { client, play, pass, bob } = await recorded([0, 1, 2]);
  await play();
  await pass(0);
  await client.call("media/room/msglog_delete", { room_id: "r", msg_id: 2 });
  await pass(2000);
  expect(got(bob)).toEqual([1, 3, "done"]);
});

test("[M26, R11] who may read from some message on gets the rest", async () => {
  const { clock, eve, send, play, pass } = await stage(READ, { history: "joined" });
  await send({ n: 1 });
  clock.advance(1000);
  await send({ n: 2 });
  clock.advance(1000);
  await eve.call("media/room/join", { room_id: "r" });
  await send({ n: 3 });
  expect((await play()).data.from_time).toBe(at(2));
  await play({ from_time: T0, time: at(2) });
  await pass(0);
  expect(got(eve)).toEqual([3, "done", 3, "done"]);
});

test("[M26, M17] a filter in a right narrows it, and so does where", async () => {
  const right = { right: "msglog_get", rooms: "r", where: { "/n": { lt: 5 } } };
  const { eve, send, play, pass } = await stage([...READ.filter((one) => one !== "msglog_get"), right]);
  for (let n = 1; n <= 6; n++) await send({ n });
  const { replay } = (await play()).data;
  await pass(0);
  expect(got(eve, replay)).toEqual([1, 2, 3, 4, "done"]);
  const narrower = (await play({ where: { "/n": { gt: 2 } } })).data.replay;
  await pass(0);
  expect(got(eve, narrower)).toEqual([3, 4, "done"]);
  expect((await play({ where: { "/n": { near: 2 } } })).data).toMatchObject({ code: 100044, field: "where" });
});

test("[M26, M17] a filter that finds little reads on until it is at the end", async () => {
  const config = { ...memory, services: { main: { msglog: { max_scan: 3 } } } };
  const { play, pass, bob } = await recorded(
    Array.from({ length: 20 }, () => 0),
    config,
  );
  await play({ where: { "/n": { in: [2, 19] } } });
  await pass(0);
  await expect.poll(() => got(bob)).toEqual([2, 19, "done"]);
});

test.for([
  ["ban", {}],
  ["grant", { role: "viewer" }],
] as const)(
  "[M26, E9] %s: what he may not read any more does not come, and he is told; what he may read comes",
  async ([cmd, more]) => {
    const { ann, eve, send, clock, play, pass, set } = await stage(READ);
    await send({ n: 1 });
    clock.advance(1000);
    await send({ n: 2 });
    const { replay } = (await play()).data;
    await pass(0);
    const rights = cmd === "ban" ? [1, "not_allowed"] : [1];
    await ann.call(`media/room/${cmd}`, { room_id: "r", user_id: "eve", ...more });
    await eve.settled();
    expect(got(eve)).toEqual(rights);
    await pass(1000);
    expect(got(eve)).toEqual(cmd === "ban" ? rights : [1, 2, "done"]);
    expect(await set(replay, { paused: true })).toMatchObject({ result: "error" });
  },
);

test("[M26] who is kicked out gets nothing more of it", async () => {
  const { ann, eve, send, clock, play, pass } = await stage(READ);
  await send({ n: 1 });
  clock.advance(1000);
  await send({ n: 2 });
  await eve.call("media/room/join", { room_id: "r" });
  await play();
  await pass(0);
  await ann.call("media/room/kick", { room_id: "r", user_id: "eve" });
  await pass(1000);
  expect(got(eve)).toEqual([1, "not_allowed"]);
});

test("[M26, L12] a token without the right ends it, also while it is paused", async () => {
  const clock = new ManualClock();
  const jwt: NonNullable<ConfigInput["authenticators"]>[number] = {
    kind: "jwt",
    issuer: "i",
    audience: "roomlog",
    keys: [{ algorithm: "HS256", secret: SECRET }],
    rights_claim: "may",
  };
  const { url, login } = await people(
    { ann: ["*"] },
    { ...memory, authenticators: [jwt, { kind: "users" }] },
    { clock },
  );
  const tokenFor = (may: string[]) =>
    token({ iss: "i", aud: "roomlog", sub: "eve", exp: 1_700_003_600, may });
  const eve = (await RawClient.connect(url)).answering();
  await eve.call("core/user/login", { token: await tokenFor(["*"]) });
  const ann = await login("ann");
  await ann.call("media/room/create", { class: "chat", room_id: "r" });
  await roomCalls(ann).send({});
  await replayCalls(eve).play({ paused: true });
  const answer = await eve.call("core/user/refresh", { token: await tokenFor(["room_read"]) });
  await eve.settled();
  expect([answer.result, got(eve)]).toEqual(["ok", ["not_allowed"]]);
});

test.for(["final", "then"])(
  "[M26, M21] what was erased is empty, also in a replay that has begun, %s",
  async (as) => {
    const { client, play, pass, bob, send, until } = await recorded([0]);
    until(1);
    await send({ n: 2 });
    await client.call("media/room/msglog_edit", { room_id: "r", msg_id: 2, msg: { n: 2, new: true } });
    await play({ as });
    await pass(0);
    const { data } = await client.call("media/room/msglog_erase_user", { user_id: "ann" });
    expect(data).toMatchObject({ messages: expect.any(Number) });
    await pass(1000);
    const rest = shown(bob).slice(1);
    expect(rest.map(([msg_id, msg]) => [msg_id, msg])).toEqual(
      as === "final"
        ? [[2, {}]]
        : [
            [2, {}],
            [3, {}],
          ],
    );
    for (const [, , log] of rest) expect(log).toMatchObject({ erased: true });
  },
);
