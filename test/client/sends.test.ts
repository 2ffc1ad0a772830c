import { OutboxFull, OutcomeUnknown, type Timers } from "@roomlog/client";
import { ManualClock } from "roomlog/testing";
import { expect, test } from "vitest";
import * as z from "zod";
import { all, becomes, behindWay, clientFor, range, take } from "../support/client.ts";
import { people } from "../support/people.ts";
import { serverForTest } from "../support/server.ts";

const create = { class: "chat" } as const;

async function inRoom(options: Parameters<typeof clientFor>[1] = {}) {
  const server = await behindWay();
  const client = await clientFor(server.url, options);
  const room = await client.join("r", { create });
  const offline = async () => {
    server.way.target = undefined;
    server.way.cut();
    await becomes(client, "waiting");
  };
  const online = () => {
    server.way.target = server.direct;
  };
  const log = async () => (await all(room.history({ order: "asc" }))).map(({ msg }) => msg);
  return { server, client, room, offline, online, log };
}

test("[M9] what is sent while there is no connection is sent when there is one, in order, once", async () => {
  const { server, room, offline, online, log } = await inRoom();
  await room.send({ n: 1 });
  await offline();
  const sends = range(2, 20).map((n) => room.send({ n }));
  await server.stop();
  await server.start();
  online();
  expect((await Promise.all(sends)).map(({ msg_id }) => msg_id)).toEqual(range(2, 20));
  expect(await log()).toEqual(range(1, 20).map((n) => ({ n })));
});

test("[M9] a send whose answer was lost is sent again and stored once", async () => {
  const { server, room, log } = await inRoom();
  server.way.mute();
  const sent = room.send({ n: 1 });
  const behind = room.send({ n: 2 });
  const judge = await clientFor(server.direct, { user: "judge" });
  const stored = () => judge.call("media/room/msglog_info", { room_id: "r" });
  await expect.poll(async () => (await stored()).last_id).toBe(1);
  server.way.cut();
  expect(await sent).toEqual({ msg_id: 1, duplicate: true });
  expect(await behind).toEqual({ msg_id: 2 });
  expect(await log()).toEqual([{ n: 1 }, { n: 2 }]);
});

test("[M9] a `client_msg_id` of one's own is used", async () => {
  const { room } = await inRoom();
  expect(await room.send({ n: 1 }, { client_msg_id: "x" })).toEqual({ msg_id: 1 });
  expect(await room.send({ n: 2 }, { client_msg_id: "x" })).toEqual({ msg_id: 1, duplicate: true });
});

test("a message is taken as it is when it is sent", async () => {
  const { room, offline, online, log } = await inRoom();
  await offline();
  const msg = { text: "before" };
  const sent = room.send(msg);
  msg.text = "after";
  online();
  await sent;
  expect(await log()).toEqual([{ text: "before" }]);
  await expect(room.send({ big: 1n })).rejects.toThrow("BigInt");
});

test("the outbox is bounded", async () => {
  const { room, offline, online, log } = await inRoom({ outbox: 2 });
  await offline();
  const sends = [room.send({ n: 1 }), room.send({ n: 2 })];
  const error = await room.send({ n: 3 }).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(OutboxFull);
  expect(String(error)).toContain("2 messages wait already (option outbox)");
  online();
  await Promise.all(sends);
  await room.send({ n: 4 });
  expect(await log()).toEqual([{ n: 1 }, { n: 2 }, { n: 4 }]);
});

test("[M4] a definite refusal rejects; what waits behind it is sent", async () => {
  const { room, log } = await inRoom();
  const refused = room.send({ text: "x".repeat(70_000) });
  const behind = room.send({ n: 2 });
  await expect(refused).rejects.toMatchObject({ name: "CallError", code: 304101 });
  await behind;
  expect(await log()).toEqual([{ n: 2 }]);
});

test("[T3] a message that is too large for a frame ends its connection and no other send", async () => {
  const { room, log } = await inRoom();
  const refused = room.send({ text: "x".repeat(2_000_000) });
  const behind = room.send({ n: 2 });
  await expect(refused).rejects.toMatchObject({ name: "ConnectionLost", code: 1009, isTooLarge: true });
  await behind;
  expect(await log()).toEqual([{ n: 2 }]);
});

test("[T3] which one was too large is counted in bytes", async () => {
  const { url } = await serverForTest({
    limits: { frame_bytes: 200_000 },
    services: { main: { msglog: { max_message_bytes: 100_000 } } },
  });
  const client = await clientFor(url);
  const [a, b] = [await client.join("a", { create }), await client.join("b", { create })];
  const tooLarge = b.send({ text: "€".repeat(80_000) });
  const legal = a.send({ text: "x".repeat(90_000) });
  await expect(tooLarge).rejects.toMatchObject({ name: "ConnectionLost", code: 1009, isTooLarge: true });
  expect(await legal).toMatchObject({ msg_id: 1 });
});

test("[F11] a message that is too wide for a frame ends its connection and no other send", async () => {
  const { client, room, log } = await inRoom();
  const other = await client.join("other", { create });
  const tooWide = room.send({ points: range(1, 70_000) });
  const behind = room.send({ n: 2 });
  const longer = other.send({ text: `\\",:[{`.repeat(8000), '"': ",".repeat(900_000) });
  await expect(tooWide).rejects.toMatchObject({ name: "ConnectionLost", code: 4500, isTooLarge: true });
  // It was sent again.
  await expect(longer).rejects.toMatchObject({ name: "OutcomeUnknown", cause: { code: 304101 } });
  await behind;
  expect(await log()).toEqual([{ n: 2 }]);
});

test.each([
  ["[T3]", "large", 1009, { text: "x".repeat(2_000_000) }],
  ["[F11]", "wide", 4500, { points: range(1, 70_000) }],
])(
  "%s who joins with a `meta` that is too %s for a frame is told, and the client goes on",
  async (_, __, code, meta) => {
    const { client, room } = await inRoom();
    await expect(client.join("other", { create, meta })).rejects.toMatchObject({ code, isTooLarge: true });
    expect(await room.send({ n: 1 })).toEqual({ msg_id: 1 });
  },
);

test.each([
  ["large", 1009, { text: "x".repeat(2_000_000) }],
  ["wide", 4500, { points: range(1, 70_000) }],
])("a login that is too %s is not tried again", async (_, code, meta) => {
  const { url } = await serverForTest({ limits: { login_frame_bytes: 1_048_576 } });
  await expect(clientFor(url, { meta })).rejects.toMatchObject({ code, isTooLarge: true });
});

test("a signal takes back what was not tried yet", async () => {
  const { room, offline, online, log } = await inRoom();
  await offline();
  const stop = new AbortController();
  const [first, second] = [
    room.send({ n: 1 }, { signal: stop.signal }),
    room.send({ n: 2 }, { signal: stop.signal }),
  ];
  const third = room.send({ n: 3 });
  stop.abort(new Error("enough"));
  await expect(first).rejects.toThrow("enough");
  await expect(second).rejects.toThrow("enough");
  online();
  await third;
  expect(await log()).toEqual([{ n: 3 }]);
});

test("[M12] what was tried in one life of a room is not stored in the next", async () => {
  const { server, client, room, offline, online } = await inRoom();
  server.way.stall();
  const tried = room.send({ n: 1 });
  const untried = room.send({ n: 2 });
  await offline();
  const bob = await clientFor(server.direct, { user: "bob" });
  await bob.call("media/room/destroy", { room_id: "r" });
  await bob.call("media/room/create", { room_id: "r", ...create });
  server.way.flow();
  online();
  const error = await tried.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(OutcomeUnknown);
  expect(error).toMatchObject({ client_msg_id: expect.any(String), cause: { name: "RoomEnded" } });
  await expect(untried).rejects.toMatchObject({ name: "RoomEnded" });
  const next = await client.join("r");
  expect(await all(next.history())).toEqual([]);
});

test("[M14] [R10] a send over a rate is sent again after `retry_after_ms`, and nothing passes it by", async () => {
  const clock = new ManualClock();
  const timers = new ManualClock();
  const { url } = await people({ ann: ["*"], host: ["*", "room_moderate"] }, {}, { clock });
  const host = await clientFor(url, { user: "host", password: "secret" });
  await host.join("r", { create: { ...create, access: { slow_mode: 30 } } });
  const ann = await clientFor(url, { password: "secret", timers });
  const room = await ann.join("r");
  await room.send({ n: 1 });
  const sends = [room.send({ n: 2 }), room.send({ n: 3 })];
  const pass = () => {
    clock.advance(5000);
    timers.advance(5000);
    return room.last_id;
  };
  await expect.poll(pass, { timeout: 15_000 }).toBe(3);
  await Promise.all(sends);
  const messages = await take(room.messages({ after: 0 }), 3);
  expect(messages.map(({ msg }) => msg)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
});

test("[M14] `close` ends the waiting for `retry_after_ms`, and no timer is left", async () => {
  const clock = new ManualClock();
  const running = new Set<number>();
  const timers: Timers = {
    after(ms, task) {
      const stop = clock.after(ms, task);
      running.add(ms);
      return () => {
        stop();
        running.delete(ms);
      };
    },
  };
  const { url } = await people({ ann: ["*"], host: ["*", "room_moderate"] });
  const host = await clientFor(url, { user: "host", password: "secret" });
  await host.join("r", { create: { ...create, access: { slow_mode: 30 } } });
  const ann = await clientFor(url, { password: "secret", timers, random: () => 0 });
  const room = await ann.join("r");
  await room.send({ n: 1 });
  running.clear();
  const waiting = room.send({ n: 2 });
  await expect.poll(() => running.size).toBe(1);
  const refused = expect(waiting).rejects.toMatchObject({ name: "ClientClosed" });
  await ann.close();
  await refused;
  expect([...running]).toEqual([]);
});

test("[R9] who is muted is told so at once", async () => {
  const { url } = await people({ ann: ["*"], host: ["*", "room_moderate"] });
  const host = await clientFor(url, { user: "host", password: "secret" });
  await host.join("r", { create });
  const room = await (await clientFor(url, { password: "secret" })).join("r");
  await host.call("media/room/mute", { room_id: "r", user_id: "ann", seconds: 60 });
  await expect(room.send({})).rejects.toMatchObject({ code: 304107 });
});

test("[Q8] a full quota is told at once", async () => {
  const { url } = await serverForTest({ services: { main: { msglog: { max_bytes_total: 40 } } } });
  const room = await (await clientFor(url)).join("r", { create });
  await room.send({ text: "twenty bytes of text" });
  await expect(room.send({ text: "one too many" })).rejects.toMatchObject({ code: 304109 });
});

test("`close` rejects what waits", async () => {
  const { client, room, offline } = await inRoom();
  await offline();
  const sent = room.send({ n: 1 });
  const behind = room.send({ n: 2 });
  await client.close();
  await expect(sent).rejects.toMatchObject({ name: "ClientClosed" });
  await expect(behind).rejects.toMatchObject({ name: "ClientClosed" });
  await expect(room.send({ n: 3 })).rejects.toMatchObject({ name: "ClientClosed" });
});

test("[M15] edits and deletions wait for a connection too, in their place among the sends", async () => {
  const { server, room, offline, online } = await inRoom();
  await room.send({ n: 1 });
  await room.send({ n: 2 });
  await offline();
  const sent = [
    room.edit(1, { n: 10 }),
    room.send({ n: 3 }, { ref: 1 }),
    room.delete(2, { reason: "no" }),
    room.edit(2, { n: 20 }).catch((error: unknown) => error),
  ];
  await server.stop();
  await server.start();
  online();
  expect(await Promise.all(sent)).toMatchObject([
    { msg_id: 3 },
    { msg_id: 4 },
    { msg_id: 5 },
    { code: 304110 },
  ]);
  const log = await all(room.history({ order: "asc" }));
  expect(log.map(({ msg, log }) => [msg, log && Object.keys(log)])).toEqual([
    [{ n: 10 }, ["edited"]],
    [{}, ["deleted"]],
    [{ n: 10 }, ["op", "ref"]],
    [{ n: 3 }, ["ref"]],
    [{ reason: "no" }, ["op", "ref"]],
  ]);
});

test("[M16] history finds what refers to a message, and counts it", async () => {
  const { room } = await inRoom();
  await room.send({ n: 1 });
  await room.send({ n: 2 }, { ref: 1 });
  expect((await all(room.history({ ref: 1 }))).map(({ msg_id }) => msg_id)).toEqual([2]);
  expect((await all(room.history({ refs: true }))).map(({ log }) => log?.refs)).toEqual([0, 1]);
});

test("[M15] what was deleted is not held against a schema", async () => {
  const { client, room } = await inRoom();
  await room.send({ text: "one" });
  await room.delete(1, { reason: "no" });
  await room.leave();
  const checked = await client.join("r", { schema: z.object({ text: z.string() }) });
  expect((await all(checked.history())).map(({ msg }) => msg)).toEqual([{ reason: "no" }, {}]);
});

test("[M21] what was erased is not held against a schema either", async () => {
  const { client, room } = await inRoom();
  await room.send({ text: "one" });
  await client.call("media/room/msglog_erase_user", { user_id: "ann" });
  await room.leave();
  const checked = await client.join("r", { schema: z.object({ text: z.string() }) });
  expect(await all(checked.history())).toMatchObject([{ msg: {}, log: { erased: true } }]);
});
