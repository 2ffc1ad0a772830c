import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Client, Connection, type Room } from "@roomlog/client";
import { type Checkpoint, checkedMessages, LogChanged, LogCheck, startDigest } from "@roomlog/client/checked";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { elementsIn } from "../../packages/client/src/checked/elements.ts";
import { MemoryStore } from "../../packages/server/src/store/memory.ts";
import type { PageTextQuery } from "../../packages/server/src/store/store.ts";
import { behindWay, clientFor, ids, range, take } from "../support/client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

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

/** Counts the pages that are read. */
class CountingStore extends MemoryStore {
  pages = 0;

  override pageText(query: PageTextQuery) {
    this.pages += 1;
    return super.pageText(query);
  }
}

/** Pages wait until they may be read. */
class HeldStore extends MemoryStore {
  readonly asked = Promise.withResolvers<void>();
  readonly held = Promise.withResolvers<void>();

  override async pageText(query: PageTextQuery) {
    this.asked.resolve();
    await this.held.promise;
    return super.pageText(query);
  }
}

test("[M23] [M10] what comes live, again, while a page with it is on its way is given once", async () => {
  const store = new HeldStore();
  const { url } = await serverForTest({}, { store });
  const client = await clientFor(url, { user: "ann" });
  const room = await client.join("r", { create });
  for (const n of range(1, 3)) await room.send({ n });
  const again = new Promise<void>((done) => {
    room.on("msglog_new_msg", ({ msg_id, $log }) => msg_id === 3 && $log?.digest && done());
  });
  const subscribed = client.call("media/room/msglog_subscribe", { room_id: "r", after: 0, digest: true });
  const taken = take(checkedMessages(room), 4);
  await Promise.all([subscribed, store.asked.promise, again]);
  store.held.resolve();
  await room.send({ n: 4 });
  expect(ids(await taken)).toEqual(range(1, 4));
});

test("[M23] over lost connections, while others send", async () => {
  const { server, client, room } = await withRoom();
  const other = await clientFor(server.direct, { user: "bob" });
  const others = await other.join("r");
  const taken = take(checkedMessages(room), 120);
  for (const n of range(1, 40)) {
    const sent = [others.send({ n }), room.send({ n }), others.send({ n, more: 1.5 })];
    if (n % 10 === 0) server.way.cut();
    await Promise.all(sent);
  }
  expect(ids(await taken)).toEqual(range(1, 120));
  await client.close();
});

/** Sends until the room's messages come as they are to come: with digests or without. */
async function sendUntil(room: Room, isProven: boolean) {
  const [seen, off] = [[] as boolean[], room.on("msglog_new_msg", ({ $log }) => seen.push(!!$log?.digest))];
  await expect.poll(() => room.send({}).then(() => seen.at(-1))).toBe(isProven);
  off();
}

/** The messages of a room, when all that is there has been taken and what comes live brings its digest. */
async function level(room: Room) {
  const messages = checkedMessages(room);
  const first = messages.next();
  await sendUntil(room, true);
  await first;
  await take(messages, room.last_id - 1);
  return messages;
}

async function withCounts() {
  const store = new CountingStore();
  const { url } = await serverForTest({}, { store });
  const client = await clientFor(url, { user: "ann" });
  return { store, url, client, room: await client.join("r", { create }) };
}

test("[M23] what comes live is checked without a page for each message, changes of messages too", async () => {
  const { store, client, room } = await withCounts();
  const messages = await level(room);
  const before = store.pages;
  const live = take(messages, 12);
  for (const n of range(1, 10)) await room.send({ n });
  await room.edit(room.last_id, { n: 11 });
  await client.call("media/room/msglog_delete", { room_id: "r", msg_id: 2, reason: "why" });
  const got = await live;
  expect(got.map(({ msg }) => msg)).toEqual([...range(1, 11).map((n) => ({ n })), { reason: "why" }]);
  expect(got.every(({ log }) => log?.digest && log.salt)).toBe(true);
  expect(store.pages).toBe(before);
});

test("[M23] when its last iterator ends the connection hears the room as before", async () => {
  const { client, room } = await withCounts();
  const [one, two] = [checkedMessages(room), checkedMessages(room)];
  const both = Promise.all([one.next(), two.next()]);
  await sendUntil(room, true);
  await both;
  await one.return(undefined);
  const rest = take(two, room.last_id + 1);
  await room.send({ n: 1 });
  await room.send({ n: 2 });
  expect(ids(await rest)).toEqual(range(2, room.last_id));
  await two.return(undefined);
  await sendUntil(room, false);
  await client.close();
});

test("[M23] events that its subscriptions change are read from the log", async () => {
  const { client, room } = await withCounts();
  await client.subscribe({ class: "media", obj_id: "r", body: { more: 1 } });
  const messages = checkedMessages(room);
  const first = messages.next();
  await sendUntil(room, true);
  await first;
  const rest = await take(messages, room.last_id - 1);
  expect(rest.every(({ msg }) => !("more" in msg))).toBe(true);
});

/** From now on the server says something else, of the same length, in what has `where` in it. */
function lying({ way }: Awaited<ReturnType<typeof behindWay>>, [from, to]: Lie, where = "") {
  way.answer = (bytes, socket) => {
    const text = bytes.toString("latin1");
    socket.write(text.includes(where) ? Buffer.from(text.replace(from, to), "latin1") : bytes);
  };
}

type Lie = readonly [from: RegExp, to: (found: string) => string];

const other = (found: string) => found.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));

test.for<Lie>([
  [/"n":2/g, () => '"n":7'],
  [/"user_id":"ann"/g, () => '"user_id":"bob"'],
  [/"timestmap":\d+/g, other],
  [/"salt":"./g, other],
  [/"digest":"./g, other],
])("[M23] a server that says another thing than it did is found out: %s", async (lie) => {
  const { server, room } = await withRoom();
  const messages = await level(room);
  const next = messages.next().catch((error: unknown) => error);
  lying(server, lie);
  await room.send({ n: 2 });
  expect(await next).toMatchObject({ name: "LogChanged", msg_id: room.last_id });
});

test("[M23] a live event that does not fit is not given: what the log says is", async () => {
  const { server, room } = await withRoom();
  const messages = await level(room);
  lying(server, [/"n":2/g, () => '"n":7'], "msglog_new_msg");
  const next = messages.next();
  await room.send({ n: 2 });
  expect((await next).value?.msg).toEqual({ n: 2 });
});

test("[M23] what a slow reader has no room for is checked when it is read", async () => {
  const { server, room } = await withRoom();
  const messages = await level(room);
  const from = room.last_id + 1;
  await Promise.all(range(1, 300).map((n) => room.send({ n })));
  expect(room.last_id).toBe(from + 299);
  lying(server, [/"n":290/g, () => '"n":291'], '"result":"ok","data":[');
  expect(ids(await take(messages, 256))).toEqual(range(from, from + 255));
  const failed = await take(messages, 44).catch((error: unknown) => error);
  expect(failed).toMatchObject({ name: "LogChanged", msg_id: from + 289 });
});

/** The entries of a log as a server sends them that can say what it likes. */
async function proven() {
  const { server, call, room } = await withRoom();
  for (const text of ["hello", "moin", "servus"]) await call("send", { msg: { text } });
  await call("edit", { msg_id: 1, msg: { text: "good day" } });
  await call("delete", { msg_id: 2 });
  await call("edit", { msg_id: 1, msg: { text: "good night" } });
  const connection = await Connection.connect(server.url);
  onTestFinished(() => connection.drop("done"));
  await connection.call("core/user/login", { user: "bob" });
  const ask = (data: object) =>
    connection.callText("media/room/msglog_get", JSON.stringify({ room_id: "r", digest: true, ...data }));
  return { room, ask, texts: elementsIn(await ask({})) };
}

const LIES: [what: string, msg_id: number, lie: (texts: string[]) => string[]][] = [
  ["a name once more behind $log", 3, (texts) => replaced(texts, 2, /\}$/, ',"text":"forged"}')],
  ["a time more", 3, (texts) => replaced(texts, 2, '"timestmap":', '"timestamp":1,"timestmap":')],
  ["$log once more", 3, (texts) => replaced(texts, 2, /\}$/, ',"$log":{}}')],
  ["a body that an edit before it made", 3, (texts) => replaced(texts, 2, "salt", 'edited":{"msg_id":1},"x')],
  ["a body of nobody", 1, (texts) => replaced(texts, 0, "good night", "good grief")],
  ["a body of an edit that is not there", 1, (texts) => replaced(texts, 0, '"msg_id":6', '"msg_id":9')],
  ["a message that is empty for no reason", 3, (texts) => replaced(emptied(texts, 2), 2, '"x":1', '"x":2')],
  [
    "a body of an edit whose own is not shown",
    1,
    (texts) => replaced(emptied(texts, 5), 0, "night", "grief"),
  ],
];

function replaced(texts: string[], i: number, from: string | RegExp, to: string): string[] {
  expect(texts[i]).toMatch(from);
  return texts.with(i, (texts[i] as string).replace(from, to));
}

/** An entry with the commitment to its body in the place of the body. */
function emptied(texts: string[], i: number): string[] {
  const [, body, stamp, log] = /^\{(.*),("msg_id".*"\$log":)(.*)\}$/.exec(
    texts[i] as string,
  ) as unknown as string[];
  const { salt, ...others } = JSON.parse(log as string);
  const commitment = createHash("sha256").update(`${salt}{${body}}`).digest("hex");
  return texts.with(i, `{${stamp}${JSON.stringify({ ...others, commitment, x: 1 })}}`);
}

test.for(LIES)("[M23] what is not proven is not taken: %s", async ([, msg_id, lie]) => {
  const { room, texts } = await proven();
  const { epoch } = room;
  const run = (all: string[]) => {
    const check = new LogCheck("r", { epoch, msg_id: 0, digest: startDigest({ room_id: "r", epoch }) });
    for (const text of all) check.next(text);
    check.end();
  };
  run(texts);
  expect(() => run(lie(texts))).toThrow(expect.objectContaining({ name: "LogChanged", msg_id }));
});

test("[M23] a change that a message speaks of has to come", async () => {
  const { server, room, call } = await withRoom();
  for (const n of range(1, 3)) await call("send", { msg: { n } });
  await call("edit", { msg_id: 3, msg: { n: 4 } });
  lying(server, [/"edited":\{"msg_id":4/g, () => '"edited":{"msg_id":5'], '"result":"ok","data":[');
  const failed = await take(checkedMessages(room), 5).catch((error: unknown) => error);
  expect(failed).toMatchObject({ name: "LogChanged", msg_id: 3 });
});

test("[M23] [M2] a service that calls the time otherwise leaves the usual name to its clients", async () => {
  const services = { main: { msglog: { time_field: "timestamp" } } } as const;
  const { url } = await serverForTest({ services });
  const client = await clientFor(url, { user: "ann" });
  const room = await client.join("r", { create });
  await room.send({ timestmap: 1, text: "hello" });
  const [message] = await take(checkedMessages(room), 1);
  expect(message?.msg).toEqual({ timestmap: 1, text: "hello" });
});

test("[M23] a row that somebody changed is found, however it is reached", async () => {
  const data = dataDirectory();
  const { url } = await serverForTest({ data });
  const client: Client = await clientFor(url, { user: "ann" });
  const room = await client.join("r", { create });
  for (const n of range(1, 4)) await room.send({ n });
  const [, second] = await take(checkedMessages(room), 2);
  const db = new Database(join(data, "roomlog.db"));
  const flip = (digest: Buffer) => Buffer.from(digest.map((byte, i) => (i === 0 ? byte ^ 1 : byte)));
  const { digest } = db.prepare("SELECT digest FROM messages WHERE msg_id = 3").get() as { digest: Buffer };
  db.prepare("UPDATE messages SET digest = ? WHERE msg_id = 3").run(flip(digest));
  db.close();
  const from = { epoch: room.epoch, msg_id: 2, digest: second?.log?.digest as string };
  for (const options of [{}, { from }]) {
    const failed = await take(checkedMessages(room, options), 4).catch((error: unknown) => error);
    expect(failed).toMatchObject({ name: "LogChanged", msg_id: 3 });
  }
});

test("[M23, M17] of a room that is joined with where all entries are checked, and those that are meant are given", async () => {
  const { server, call } = await withRoom();
  for (const n of range(1, 6)) await call("send", { msg: { n } });
  const bob = await clientFor(server.url, { user: "bob" });
  const room = await bob.join("r", { where: { "/n": { in: [2, 5, 9] } } });
  const messages = checkedMessages(room);
  expect(ids(await take(messages, 2))).toEqual([2, 5]);
  const next = take(messages, 1);
  for (const n of range(7, 9)) await call("send", { msg: { n } });
  expect((await next)[0]).toMatchObject({ msg_id: 9, log: { digest: expect.any(String) } });
});
