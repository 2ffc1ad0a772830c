import { Connection } from "@roomlog/client";
import { type Checkpoint, checkedMessages, LogChanged } from "@roomlog/client/checked";
import { expect, onTestFinished, test } from "vitest";
import { behindWay, clientFor, ids, range, take } from "../support/client.ts";

const create = { class: "chat" } as const;

/** One server, a user who writes, and her room. */
async function withRoom() {
  const server = await behindWay();
  const client = await clientFor(server.url, { user: "ann" });
  const room = await client.join("r", { create });
  const call = (cmd: "send" | "edit" | "delete" | "purge", data: object) =>
    client.call(`media/room/msglog_${cmd}` as never, { room_id: "r", ...data } as never);
  return { server, client, room, call };
}

test("[M23] a log is checked from its start and live, over reconnects, edits and deletions", async () => {
  const { server, room, call } = await withRoom();
  const odd = { big: 1, "a b": ['"msg_id":1,"user_id":"ann"', { msg_id: 3, user_id: "ann" }], é: "😀\u2028" };
  for (const msg of [{}, odd, { a: "x".repeat(3000) }, { n: 4 }]) await call("send", { msg });
  await call("edit", { msg_id: 2, msg: { now: 2 } });
  await call("edit", { msg_id: 2, msg: { now: 3 } });
  await call("send", { msg: {}, ref: 2 });
  await call("delete", { msg_id: 3, reason: 'because "msg_id":3' });
  const messages = checkedMessages(room);
  const stored = await take(messages, 8);
  expect(ids(stored)).toEqual(range(1, 8));
  expect(stored[1]?.msg).toEqual({ now: 3 });
  server.way.cut();
  const live = take(messages, 3);
  await room.send({ n: 9 });
  await call("edit", { msg_id: 9, msg: { n: 10 } });
  await call("send", { msg: { n: 11 } });
  expect(ids(await live)).toEqual([9, 10, 11]);
});

test("[M23] what no program keeps exact is checked as it was sent", async () => {
  const { server, room } = await withRoom();
  const connection = await Connection.connect(server.url);
  onTestFinished(() => connection.drop("done"));
  await connection.call("core/user/login", { user: "bob" });
  const msg = '{ "n":12345678901234567890, "x":1.0,"d":1,"d":2, "m":-0 ,"e":1e400}';
  await connection.callText("media/room/msglog_send", `{"room_id":"r","msg":${msg}}`);
  expect(ids(await take(checkedMessages(room), 1))).toEqual([1]);
});

test("[M23] it goes on from a checkpoint, and says where a log is another one", async () => {
  const { room, call } = await withRoom();
  for (const n of range(1, 6)) await call("send", { msg: { n } });
  const [, , third] = await take(checkedMessages(room), 3);
  const from: Checkpoint = { epoch: room.epoch, msg_id: 3, digest: third?.log?.digest as string };
  expect(ids(await take(checkedMessages(room, { from }), 3))).toEqual([4, 5, 6]);
  const other = { ...from, digest: from.digest.replace(/^./, (digit) => (digit === "0" ? "1" : "0")) };
  const failure = await take(checkedMessages(room, { from: other }), 1).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(LogChanged);
  expect(failure).toMatchObject({ room_id: "r", epoch: room.epoch, msg_id: 4 });
});

test("[M23] [M13] what was dropped is told, and what follows is checked", async () => {
  const { room, call } = await withRoom();
  for (const n of range(1, 8)) await call("send", { msg: { n } });
  const messages = checkedMessages(room, { onDropped: (first, last) => dropped.push([first, last]) });
  const dropped: [number, number][] = [];
  await call("purge", { before: 4 });
  expect(ids(await take(messages, 3))).toEqual([4, 5, 6]);
  expect(dropped).toEqual([[1, 3]]);
});
