import { type Members, RoomLeft } from "@roomlog/client";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { all, becomes, behindWay, clientFor, ids, take } from "../support/client.ts";
import { people } from "../support/people.ts";
import { serverForTest } from "../support/server.ts";
import { Way } from "../support/way.ts";

const create = { class: "chat" } as const;
/** What the server says in one go is heard one after the other, with time between, as in a browser. */
function frameByFrame(way: Way): void {
  let written = Promise.resolve();
  way.answer = (bytes, client) => {
    for (let rest = bytes; rest.length > 0; ) {
      const size = rest[1] === 126 ? 4 + rest.readUInt16BE(2) : 2 + (rest[1] ?? 0);
      const frame = rest.subarray(0, size);
      written = written
        .then(() => new Promise((resolve) => void setTimeout(resolve, 5)))
        .then(() => void client.write(frame));
      rest = rest.subarray(size);
    }
  };
}

const names = (members: Members) => [...members.values()].map(({ user_id }) => user_id).sort();

test("[R4] members are kept current, also over a restart of the server", async () => {
  const server = await behindWay();
  const ann = await clientFor(server.url);
  const room = await ann.join("r", { create, role: "teacher", meta: { seat: 1 } });
  const seen: string[][] = [];
  const off = room.on("members", (members) => seen.push(names(members)));
  expect([...room.members.values()]).toEqual([{ user_id: "ann", role: "teacher", meta: { seat: 1 } }]);
  const bob = await clientFor(server.url, { user: "bob" });
  const his = await bob.join("r");
  await expect.poll(() => names(room.members)).toEqual(["ann", "bob"]);
  await server.stop();
  await server.start();
  await Promise.all([becomes(ann, "open"), becomes(bob, "open")]);
  await expect.poll(() => names(room.members)).toEqual(["ann", "bob"]);
  await expect.poll(() => names(his.members)).toEqual(["ann", "bob"]);
  expect(Array.from(his.members.values(), ({ role }) => role).sort()).toEqual(["member", "teacher"]);
  await his.leave();
  await expect.poll(() => names(room.members)).toEqual(["ann"]);
  expect(seen[0]).toEqual(["ann", "bob"]);
  expect(seen.at(-1)).toEqual(["ann"]);
  off();
});

test("[R4] who leaves right behind the answer to a join is gone, also when both come in one read", async () => {
  const { url, direct, way } = await behindWay();
  const bob = await clientFor(direct, { user: "bob" });
  const his = await bob.join("r", { create });
  const ann = await clientFor(url);
  const passOn = way.answer;
  let held = Buffer.alloc(0);
  const answered = new Promise<() => void>((resolve) => {
    way.answer = (bytes, client) => {
      held = Buffer.concat([held, bytes]);
      if (held.includes("stopped_member")) resolve(() => passOn(held, client));
    };
  });
  const joining = ann.join("r");
  await expect.poll(() => names(his.members)).toEqual(["ann", "bob"]);
  await his.leave();
  const release = await answered;
  way.answer = passOn;
  release();
  const room = await joining;
  await expect.poll(() => names(room.members)).toEqual(["ann"]);
});

test("[R1] `create` makes the room when it is missing, whoever comes first", async () => {
  const { url } = await serverForTest();
  const ann = await clientFor(url);
  await expect(ann.join("r")).rejects.toMatchObject({ code: 304001 });
  const bob = await clientFor(url, { user: "bob" });
  const [one, other] = await Promise.all([
    ann.join("r", { create: { class: "sfu", meta: { by: "ann" } } }),
    bob.join("r", { create: { class: "sfu", meta: { by: "bob" } } }),
  ]);
  expect(one.epoch).toBe(other.epoch);
  expect(await ann.call("media/room/get_info", { room_id: "r" })).toMatchObject({ class: "sfu" });
});

test("a room is joined once; after `leave` again", async () => {
  const { url } = await serverForTest();
  const ann = await clientFor(url);
  const room = await ann.join("r", { create });
  await expect(ann.join("r")).rejects.toThrow("joined already");
  await room.leave();
  await room.leave();
  expect(await room.ended).toBeInstanceOf(RoomLeft);
  await expect(room.send({})).rejects.toMatchObject({ name: "RoomLeft", how: "left" });
  expect((await ann.join("r")).members.size).toBe(1);
});

test("[R4] a room that was left while there was no connection is left", async () => {
  const server = await behindWay();
  const ann = await clientFor(server.url);
  const room = await ann.join("r", { create });
  server.way.target = undefined;
  server.way.cut();
  await becomes(ann, "waiting");
  const left = room.leave();
  server.way.target = server.direct;
  await left;
  expect((await ann.call("media/room/get_info", { room_id: "r" })).members).toEqual({});
});

test("[R4] a room that is left and joined anew at once is joined", async () => {
  const { url } = await serverForTest();
  const ann = await clientFor(url);
  const bob = await clientFor(url, { user: "bob" });
  const first = await ann.join("r", { create });
  const his = await bob.join("r");
  const left = first.leave();
  const again = await ann.join("r");
  await left;
  const messages = again.messages();
  await his.send({ n: 1 });
  expect(ids(await take(messages, 1))).toEqual([1]);
  expect(names(again.members)).toEqual(["ann", "bob"]);
});

test("[R4] what is told late of the leaving does not end what was joined after it", async () => {
  const { url, way } = await behindWay();
  const ann = await clientFor(url);
  await ann.subscribe({ class: "media" });
  const first = await ann.join("r", { create });
  const told: unknown[] = [];
  ann.on("stopped_member", ({ body }) => told.push(body));
  frameByFrame(way);
  await first.leave();
  const again = await ann.join("r");
  expect(told).toHaveLength(1);
  expect(await again.send({ n: 1 })).toEqual({ msg_id: 1 });
  expect(names(again.members)).toEqual(["ann"]);
});

test("[R4] also while there is no connection, and when the answer to the leave was lost", async () => {
  const server = await behindWay();
  const ann = await clientFor(server.url);
  const first = await ann.join("r", { create });
  server.way.mute();
  const left = first.leave();
  const second = ann.join("r");
  server.way.target = undefined;
  server.way.cut();
  await becomes(ann, "waiting");
  server.way.target = server.direct;
  const again = await second;
  await left;
  const messages = again.messages();
  await again.send({ n: 1 });
  expect(ids(await take(messages, 1))).toEqual([1]);
  expect((await ann.call("media/room/get_info", { room_id: "r" })).members).not.toEqual({});
});

test("[R4] a join over `limits.subscriptions` rejects at once", async () => {
  const { url } = await serverForTest({ limits: { subscriptions: 5 } });
  const ann = await clientFor(url);
  const joining = async () => {
    for (let n = 0; n < 5; n++) await ann.join(`r${n}`, { create });
  };
  await expect(joining()).rejects.toMatchObject({ code: 100050, data: { limit: 5 } });
});

test("a signal ends the joining", async () => {
  const server = await behindWay();
  const ann = await clientFor(server.url);
  server.way.stall();
  const stop = new AbortController();
  const joining = ann.join("r", { create, signal: stop.signal });
  stop.abort(new Error("enough"));
  await expect(joining).rejects.toThrow("enough");
  server.way.flow();
  await expect.poll(() => ann.join("r", { create }).then(({ members }) => members.size)).toBe(1);
});

test("[R5] info and status reach who is here, and are lost while there is no connection", async () => {
  const server = await behindWay();
  const ann = await clientFor(server.url);
  const room = await ann.join("r", { create });
  const his = await (await clientFor(server.url, { user: "bob" })).join("r");
  const heard: unknown[] = [];
  his.on("info", ({ info, meta, user_id }) => heard.push({ info, meta, user_id }));
  his.on("status", ({ class: of, data, user_id }) => heard.push({ of, data, user_id }));
  expect(await room.sendInfo("typing", { on: true })).toBe(true);
  expect(await room.setStatus("hand", { up: true })).toBe(true);
  await expect
    .poll(() => heard)
    .toEqual([
      { info: "typing", meta: { on: true }, user_id: "ann" },
      { of: "hand", data: { up: true }, user_id: "ann" },
    ]);
  server.way.target = undefined;
  server.way.cut();
  await becomes(ann, "waiting");
  expect(await room.sendInfo("typing")).toBe(false);
});

test("[R10] a room that is not there for the user any more has ended for him", async () => {
  const { url } = await people({ ann: ["*"], host: ["*", "room_moderate"] });
  const way = await Way.listen(url);
  onTestFinished(() => way.close());
  const host = await clientFor(url, { user: "host", password: "secret" });
  await host.join("r", { create });
  const room = await (await clientFor(way.url, { password: "secret" })).join("r");
  const next = room.messages().next();
  await host.call("media/room/set_access", { room_id: "r", join: "invited" });
  await expect(room.send({})).rejects.toMatchObject({ code: 304001 });
  way.cut();
  expect(await room.ended).toMatchObject({ name: "RoomEnded", cause: { code: 304001 } });
  await expect(next).rejects.toMatchObject({ code: 304001 });
});

const Chat = z.object({ text: z.string(), at: z.coerce.date().optional() });

test("a message is what the validator makes of it; one that is invalid ends the iterator", async () => {
  const { url } = await serverForTest();
  const ann = await clientFor(url);
  const room = await ann.join("r", { create, schema: Chat });
  await room.send({ text: "one", at: new Date(0) });
  await ann.call("media/room/msglog_send", { room_id: "r", msg: { text: 2 } });
  await room.send({ text: "three" });
  const messages = room.messages({ after: 0 });
  expect((await take(messages, 1))[0]?.msg).toEqual({ text: "one", at: new Date(0) });
  const error = await messages.next().catch((error: unknown) => error);
  expect(error).toMatchObject({
    name: "InvalidMessage",
    msg_id: 2,
    msg: { text: 2 },
    issues: [{ path: ["text"] }],
  });
  expect(ids(await take(room.messages({ after: 2 }), 1))).toEqual([3]);
});

test('`onInvalid: "skip"` leaves out what is invalid; a validator may take its time', async () => {
  const { url } = await serverForTest();
  const ann = await clientFor(url);
  const slowly = Chat.refine(async ({ text }) => text !== "two");
  const room = await ann.join("r", { create, schema: slowly, onInvalid: "skip" });
  for (const text of ["one", "two", "three"]) await room.send({ text });
  expect(ids(await take(room.messages({ after: 0 }), 2))).toEqual([1, 3]);
  expect((await all(room.history())).map(({ msg }) => msg.text)).toEqual(["three", "one"]);
});
