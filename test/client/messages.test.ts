import { CallError, RoomEnded, RoomLeft } from "@roomlog/client";
import type { CommandData, CommandName, StoredMessage } from "@roomlog/protocol";
import { expect, test } from "vitest";
import { all, becomes, behindWay, clientFor, ids, range, take } from "../support/client.ts";
import { people } from "../support/people.ts";
import { serverForTest } from "../support/server.ts";

const create = { class: "chat" } as const;

/** Ann in the room "r", and bob, who sends to it straight. */
async function annAndBob() {
  const server = await behindWay();
  const ann = await clientFor(server.url);
  const room = await ann.join("r", { create });
  const say = async (first: number, last = first) => {
    const bob = await clientFor(server.direct, { user: "bob" });
    const send = (n: number) => bob.call("media/room/msglog_send", { room_id: "r", msg: { n } });
    await Promise.all(range(first, last).map(send));
    await bob.close();
  };
  return { server, ann, room, say };
}

test("[M2] what was sent stands apart from what the server added", async () => {
  const { room } = await annAndBob();
  const before = Date.now();
  await room.send({ text: "hello", timestamp: "mine", msg: 1 });
  const [message] = await take(room.messages({ after: 0 }), 1);
  expect(message).toEqual({
    msg: { text: "hello", timestamp: "mine", msg: 1 },
    msg_id: 1,
    user_id: "ann",
    session_id: expect.any(String),
    timestamp: expect.any(Number),
    sentAt: expect.any(Date),
  });
  expect(message?.timestamp).toBe(Math.round(message?.timestamp as number));
  expect(Math.abs(Number(message?.sentAt) - before)).toBeLessThan(10_000);
});

test("[M2] the time is found under the name that the service gives it", async () => {
  const { url } = await serverForTest({ services: { main: { msglog: { time_field: "timestamp" } } } });
  const room = await (await clientFor(url)).join("r", { create });
  await room.send({ timestmap: "mine" });
  const [message] = await take(room.messages({ after: 0 }), 1);
  expect(message).toMatchObject({ msg: { timestmap: "mine" }, timestamp: expect.any(Number) });
});

test("[M10] an iterator gives what is stored, then what comes", async () => {
  const { room, say } = await annAndBob();
  await say(1, 3);
  const messages = room.messages({ after: 1 });
  expect(ids(await take(messages, 2))).toEqual([2, 3]);
  const next = messages.next();
  await say(4);
  expect((await next).value).toMatchObject({ msg: { n: 4 }, msg_id: 4, user_id: "bob" });
});

test("[M10] without `after` it begins with what comes once it was asked for", async () => {
  const { room, say } = await annAndBob();
  await say(1, 3);
  await expect.poll(() => room.last_id).toBe(3);
  const messages = room.messages();
  await say(4, 5);
  expect(ids(await take(messages, 2))).toEqual([4, 5]);
});

test("[M10] it goes on over a lost connection and a restart of the server, without a hole or a repeat", async () => {
  const { server, ann, room, say } = await annAndBob();
  const messages = room.messages({ after: 0 });
  await say(1, 2);
  expect(ids(await take(messages, 2))).toEqual([1, 2]);
  await server.stop();
  await becomes(ann, "waiting");
  await server.start();
  await say(3, 4);
  expect(ids(await take(messages, 2))).toEqual([3, 4]);
  server.way.cut();
  await say(5, 6);
  expect(ids(await take(messages, 2))).toEqual([5, 6]);
});

test("[M11] iterators are cursors of their own; one that is slow reads from the log", async () => {
  const { room, say } = await annAndBob();
  const slow = room.messages({ after: 0 });
  const quick = room.messages({ after: 0 });
  await say(1);
  expect(ids(await take(slow, 1))).toEqual([1]);
  await say(2, 600);
  expect(ids(await take(quick, 600))).toEqual(range(1, 600));
  expect(ids(await take(slow, 599))).toEqual(range(2, 600));
  const [one, other] = [slow.next(), quick.next()];
  await say(601);
  expect([(await one).value?.msg_id, (await other).value?.msg_id]).toEqual([601, 601]);
});

test("[M13] it goes on with the first message that is kept, and says so", async () => {
  const { server, ann, room, say } = await annAndBob();
  await say(1, 5);
  const dropped: number[][] = [];
  const messages = room.messages({ after: 0, onDropped: (...missing) => dropped.push(missing) });
  expect(ids(await take(messages, 1))).toEqual([1]);
  server.way.target = undefined;
  server.way.cut();
  await becomes(ann, "waiting");
  await say(6, 400);
  const bob = await clientFor(server.direct, { user: "bob" });
  await bob.call("media/room/msglog_purge", { room_id: "r", before: 300 });
  server.way.target = server.direct;
  expect(ids(await take(messages, 1 + 4))).toEqual([2, 3, 4, 5, 300]);
  expect(dropped).toEqual([[6, 299]]);
  await bob.call("media/room/msglog_purge", { room_id: "r", before: 401 });
  expect(ids(await take(room.messages({ after: 399 }), 0))).toEqual([]);
  const late = room.messages({ after: 0, onDropped: (...missing) => dropped.push(missing) });
  const next = late.next();
  await expect
    .poll(() => dropped)
    .toEqual([
      [6, 299],
      [1, 400],
    ]);
  await say(401);
  expect((await next).value?.msg_id).toBe(401);
});

test("[M10] `after` beyond the log is refused", async () => {
  const { room, say } = await annAndBob();
  await say(1);
  const error = await room
    .messages({ after: 9 })
    .next()
    .catch((error: unknown) => error);
  expect(error).toMatchObject({ name: "CallError", code: 304104 });
  expect(error).toBeInstanceOf(CallError);
});

test("[M12] when the room ends the rest of its life is given, then the iterator ends", async () => {
  const { ann, room, say } = await annAndBob();
  await say(1, 3);
  const messages = room.messages({ after: 0 });
  expect(ids(await take(messages, 1))).toEqual([1]);
  await ann.call("media/room/destroy", { room_id: "r" });
  expect(await room.ended).toBeInstanceOf(RoomEnded);
  expect(ids(await take(messages, 9))).toEqual([2, 3]);
  await expect(room.send({})).rejects.toBeInstanceOf(RoomEnded);
});

test("[M12] also when it ended, and began anew, while nobody was connected", async () => {
  const { server, ann, room, say } = await annAndBob();
  await say(1, 3);
  const messages = room.messages({ after: 0 });
  expect(ids(await take(messages, 1))).toEqual([1]);
  server.way.target = undefined;
  server.way.cut();
  await becomes(ann, "waiting");
  const bob = await clientFor(server.direct, { user: "bob" });
  await bob.call("media/room/destroy", { room_id: "r" });
  await bob.call("media/room/create", { room_id: "r", ...create });
  await say(11, 12);
  server.way.target = server.direct;
  expect(ids(await take(messages, 9))).toEqual([2, 3]);
  const next = await ann.join("r");
  expect((await take(next.messages({ after: 0 }), 2)).map(({ msg }) => msg)).toEqual([{ n: 11 }, { n: 12 }]);
  const earlier = next.messages({ after: 1, epoch: room.epoch });
  expect(ids(await take(earlier, 9))).toEqual([2, 3]);
});

test("[M12] an ended life that was deleted ends the iterator", async () => {
  const { url } = await serverForTest({ services: { main: { msglog: { on_destroy: "delete" } } } });
  const ann = await clientFor(url);
  const room = await ann.join("r", { create });
  await room.send({ n: 1 });
  const messages = room.messages({ after: 0 });
  expect(ids(await take(messages, 1))).toEqual([1]);
  await ann.call("media/room/destroy", { room_id: "r" });
  expect(await messages.next()).toEqual({ done: true, value: undefined });
});

test("[R9] who is kicked or banned gets an error", async () => {
  const { url } = await people({ ann: ["*"], host: ["*", "room_moderate"] });
  const host = await clientFor(url, { user: "host", password: "secret" });
  const hers = await host.join("r", { create });
  const ann = await clientFor(url, { password: "secret" });
  for (const how of ["kick", "ban"] as const) {
    const room = await ann.join("r");
    const next = room.messages().next();
    await host.call(`media/room/${how}`, { room_id: "r", user_id: "ann", reason: "spam" });
    const error = await next.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RoomLeft);
    expect(String(error)).toBe(
      `RoomLeft: you were ${how === "kick" ? "kicked" : "banned"} from the room r: spam`,
    );
    expect(await room.ended).toBe(error);
  }
  await expect(ann.join("r")).rejects.toMatchObject({ code: 304001 });
  await expect.poll(() => [...hers.members.values()].map(({ user_id }) => user_id)).toEqual(["host"]);
});

test("a signal ends an iterator that waits; `leave` and `close` end it quietly", async () => {
  const { ann, room } = await annAndBob();
  const stop = new AbortController();
  const next = room.messages({ signal: stop.signal }).next();
  stop.abort(new Error("enough"));
  await expect(next).rejects.toThrow("enough");
  const left = room.messages().next();
  await room.leave();
  expect(await left).toEqual({ done: true, value: undefined });
  const closed = (await ann.join("r")).messages().next();
  await ann.close();
  expect(await closed).toEqual({ done: true, value: undefined });
});

test("[R11] without the right to read what was before, it begins behind that", async () => {
  const { url } = await people({ ann: ["room_join", "room_read", "msglog_get", "msglog_send"], host: ["*"] });
  const host = await (await clientFor(url, { user: "host", password: "secret" })).join("r", { create });
  await host.send({ n: 1 });
  const room = await (await clientFor(url, { password: "secret" })).join("r");
  const missing: number[][] = [];
  const messages = room.messages({ after: 0, onDropped: (...stretch) => missing.push(stretch) });
  const next = messages.next();
  await room.send({ n: 2 });
  expect((await next).value?.msg_id).toBe(2);
  expect(missing).toEqual([[1, 1]]);
});

test("[E3] events of the room that come by other subscriptions too are taken once", async () => {
  const { ann, room, say } = await annAndBob();
  await ann.subscribe({ class: "media", subclass: "room" });
  const messages = room.messages({ after: 0 });
  await say(1, 3);
  expect(ids(await take(messages, 3))).toEqual([1, 2, 3]);
});

test("[M17] messages with where: stored and live ones, once and in order, over a lost connection and the end of the room", async () => {
  const server = await behindWay({ services: { main: { msglog: { max_scan: 5 } } } });
  const ann = await clientFor(server.url);
  const room = await ann.join("r", { create });
  const bob = await clientFor(server.direct, { user: "bob" });
  const say = async (first: number, last: number) => {
    for (const n of range(first, last))
      await bob.call("media/room/msglog_send", { room_id: "r", msg: { n } });
  };
  await say(1, 30);
  const dropped: unknown[] = [];
  const where = { "/n": { in: [2, 3, 29, 31, 33, 50, 51, 52] }, user_id: "bob" };
  const messages = room.messages({ after: 2, where, onDropped: (...ids) => dropped.push(ids) });
  expect(ids(await take(messages, 2))).toEqual([3, 29]);
  const next = take(messages, 2);
  await say(31, 34);
  expect(ids(await next)).toEqual([31, 33]);
  server.way.cut();
  await say(35, 50);
  expect(ids(await take(messages, 1))).toEqual([50]);
  const rest = all(messages);
  await say(51, 55);
  await bob.call("media/room/destroy", { room_id: "r" });
  expect(ids(await rest)).toEqual([51, 52]);
  expect(dropped).toEqual([]);
  const wrong = room.messages({ where: { n: 1 } as never });
  await expect(wrong.next()).rejects.toThrow("where.n is no path");
});

/** A room of which ann wants only what is even, and bob, who sends to it straight. */
async function annWants() {
  const server = await behindWay();
  const asBob = async <N extends CommandName>(name: N, data: CommandData<N>) => {
    const bob = await clientFor(server.direct, { user: "bob" });
    await bob.call(name, data);
    await bob.close();
  };
  await asBob("media/room/create", { room_id: "r", class: "chat" });
  const say = async (first: number, last: number) => {
    const bob = await clientFor(server.direct, { user: "bob" });
    for (const n of range(first, last))
      await bob.call("media/room/msglog_send", { room_id: "r", msg: { n, even: n % 2 === 0 } });
    await bob.close();
  };
  await say(1, 6);
  const ann = await clientFor(server.url);
  const room = await ann.join("r", { where: { "/even": true } });
  return { server, asBob, ann, room, say };
}

test("[M17] a room that is joined with where gives such messages: live, listened to, read, replayed, narrowed further", async () => {
  const { ann, asBob, room, say } = await annWants();
  const [heard, onTheWire]: number[][] = [[], []];
  room.on("msglog_new_msg", ({ msg_id }) => heard?.push(msg_id));
  ann.on("msglog_new_msg", ({ body }) => onTheWire?.push((body as StoredMessage).msg_id));
  const messages = room.messages({ after: 1 });
  const big = room.messages({ after: 0, where: { "/n": { gt: 5 } } });
  const next = take(messages, 4);
  await say(7, 10);
  expect(ids(await next)).toEqual([2, 4, 6, 8]);
  expect(ids(await take(messages, 1))).toEqual([10]);
  expect(ids(await take(big, 3))).toEqual([6, 8, 10]);
  expect([heard, onTheWire, room.last_id]).toEqual([[8, 10], [8, 10], 10]);
  expect(ids(await all(room.history()))).toEqual([10, 8, 6, 4, 2]);
  expect(ids(await all(room.history({ order: "asc", where: { "/n": { lt: 5 } } })))).toEqual([2, 4]);
  expect(ids(await all(room.replay({ rate: 16 })[Symbol.asyncIterator]()))).toEqual([2, 4, 6, 8, 10]);
  await asBob("media/room/msglog_edit", { room_id: "r", msg_id: 7, msg: { even: true } });
  expect((await take(messages, 1))[0]).toMatchObject({ msg_id: 11, log: { op: "edit", ref: 7 } });
});

test("[M17, M10] it goes on behind what was given over lost connections and restarts: ids have holes, and nothing is missing", async () => {
  const { server, ann, room, say } = await annWants();
  const messages = room.messages({ after: 2 });
  expect(ids(await take(messages, 2))).toEqual([4, 6]);
  for (const first of [7, 27, 47]) {
    server.way.target = undefined;
    server.way.cut();
    if (first === 27) await server.stop();
    await becomes(ann, "waiting");
    if (first === 27) await server.start();
    await say(first, first + 9);
    server.way.target = server.direct;
    await say(first + 10, first + 19);
    expect(ids(await take(messages, 10))).toEqual(range(0, 9).map((i) => first + 1 + 2 * i));
  }
});

test("[M17] what comes live in a room that is joined with where is taken as it comes, and not read again", async () => {
  const { room, say, server } = await annWants();
  const messages = room.messages();
  const first = messages.next();
  await say(7, 8);
  expect((await first).value).toMatchObject({ msg_id: 8 });
  const requests = async () => {
    const metrics = await (await fetch(new URL("metrics", server.direct.replace("ws", "http")))).text();
    return Number(/^roomlog_requests_total\S* (\d+)$/m.exec(metrics)?.[1]);
  };
  const before = await requests();
  await say(9, 40);
  expect(ids(await take(messages, 16))).toEqual(range(0, 15).map((i) => 10 + 2 * i));
  // A login and 32 sends.
  expect((await requests()) - before).toBe(33);
});

test("[M17] a room is left with its view: who joins it again without where gets everything", async () => {
  const { ann, asBob, room, say } = await annWants();
  await room.leave();
  const again = await ann.join("r");
  const messages = again.messages();
  const next = take(messages, 2);
  await say(7, 8);
  expect(ids(await next)).toEqual([7, 8]);
  await asBob("media/room/destroy", { room_id: "r" });
  expect(await again.ended).toBeInstanceOf(RoomEnded);
  await expect(ann.join("r", { where: { n: 1 } as never })).rejects.toThrow("where.n is no path");
});

test("[M17] who may read only some messages gets these, once and in order, and no others", async () => {
  const where = { "/n": { in: [2, 3, 7, 9] } };
  const { url, login } = await people({
    bob: ["*"],
    ann: ["room_join", "msglog_history", { right: "msglog_get", rooms: "r", where }],
  });
  const bob = await login("bob");
  await bob.call("media/room/create", { class: "chat", room_id: "r" });
  const say = async (first: number, last: number) => {
    for (const n of range(first, last))
      await bob.call("media/room/msglog_send", { room_id: "r", msg: { n } });
  };
  await say(1, 5);
  const ann = await clientFor(url, { user: "ann", password: "secret" });
  const messages = (await ann.join("r")).messages({ after: 0 });
  expect(ids(await take(messages, 2))).toEqual([2, 3]);
  const next = take(messages, 2);
  await say(6, 10);
  expect(ids(await next)).toEqual([7, 9]);
});
