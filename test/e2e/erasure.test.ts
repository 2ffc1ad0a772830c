import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { idsOf, inRoom, roomCalls } from "../support/in-room.ts";
import { people } from "../support/people.ts";
import { eventsOf, type Frame, RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";
import { SlowStore } from "../support/slow-store.ts";

const OFFICER = ["*", "msglog_erase", "msglog_hold", "msglog_purge", "room_destroy", "room_moderate"];

/** Ann and bob take part in the room "r", mia may edit everything, opa erases. */
async function stage(config: Parameters<typeof people>[1] = {}) {
  const rights = {
    ann: ["*"],
    bob: ["*"],
    mia: ["*", "msglog_edit_any", "msglog_delete_any", "room_moderate"],
    opa: OFFICER,
  };
  const all = await people(rights, config);
  const [ann, bob, mia, opa] = [
    await all.login("ann"),
    await all.login("bob"),
    await all.login("mia"),
    await all.login("opa"),
  ];
  await inR(opa, "create", { class: "chat" });
  return {
    ...all,
    ann,
    bob,
    mia,
    opa,
    erase: (user_id: string, more: object = {}) => erase(opa, user_id, more),
  };
}

const inR = (client: RawClient, cmd: string, data: object = {}): Promise<Frame> =>
  client.call(`media/room/${cmd}`, { room_id: "r", ...data });
const erase = async (client: RawClient, user_id: string, more: object = {}): Promise<Frame> =>
  (await client.call("media/room/msglog_erase_user", { user_id, ...more })).data;
const say = (client: RawClient, text: string, more: object = {}) =>
  inR(client, "msglog_send", { msg: { text }, ...more });

test("[M21] a user's messages keep their ids, order and times and lose their bodies", async () => {
  const { ann, bob, opa, erase } = await stage();
  await say(ann, "one");
  await say(bob, "two");
  await say(ann, "three");
  const before = (await inR(opa, "msglog_get")).data;
  const bytes = '{"text":"one"}'.length + '{"text":"three"}'.length - 4;
  const { receipt, at, ...done } = await erase("ann");
  expect(done).toEqual({ user_id: "ann", rooms: 1, messages: 2, bytes, held: [] });
  expect(receipt).toEqual(expect.any(String));
  expect(at).toBeGreaterThan(1e15);
  const { msg_id, user_id, session_id, timestmap } = before[0];
  const after = (await inR(opa, "msglog_get")).data;
  expect(after).toEqual([
    { msg_id, user_id, session_id, timestmap, $log: { erased: true } },
    before[1],
    { ...after[2], msg_id: 3 },
  ]);
  expect(after[2].text).toBeUndefined();
  expect((await inR(opa, "msglog_info")).data.bytes).toBe(4 + '{"text":"two"}'.length);
});

test("[M21] a dry run counts the same and changes nothing", async () => {
  const { ann, mia, opa, erase } = await stage();
  await say(ann, "one");
  await inR(mia, "msglog_edit", { msg_id: 1, msg: { text: "uno" } });
  const dry = await erase("ann", { dry_run: true });
  expect(dry).toEqual({ user_id: "ann", rooms: 1, messages: 2, bytes: 24, held: [] });
  expect((await inR(opa, "msglog_get")).data[0].text).toBe("uno");
  expect(await erase("ann")).toMatchObject(dry);
  expect(await erase("ann", { dry_run: true })).toMatchObject({ rooms: 0, messages: 0, bytes: 0 });
});

test("[M21] edits of his messages by others go too, and no version shows what was said", async () => {
  const { ann, bob, mia, opa, erase } = await stage();
  await say(ann, "one");
  await say(bob, "two");
  await inR(mia, "msglog_edit", { msg_id: 1, msg: { text: "one, said ann" } });
  await inR(ann, "msglog_edit", { msg_id: 1, msg: { text: "uno" } });
  await inR(mia, "msglog_delete", { msg_id: 1, reason: "ann said one" });
  await erase("ann");
  const text = JSON.stringify((await inR(opa, "msglog_get", { versions: true })).data);
  expect(text).not.toMatch(/one|uno/);
  const [first, , third, , fifth] = JSON.parse(text);
  expect(first.$log).toMatchObject({ erased: true, deleted: { msg_id: 5, user_id: "mia" } });
  expect(third.$log).toMatchObject({ erased: true, op: "edit", ref: 1 });
  expect(fifth.$log).toMatchObject({ erased: true, op: "delete", ref: 1 });
});

test("[M21] what he edited of others reads as erased; their own wording stays a version", async () => {
  const { ann, bob, mia, erase } = await stage();
  await say(bob, "two");
  await inR(mia, "msglog_edit", { msg_id: 1, msg: { text: "zwei" } });
  expect(await erase("mia")).toMatchObject({ messages: 1 });
  const [first] = (await inR(ann, "msglog_get", { versions: true })).data;
  expect(first.text).toBeUndefined();
  expect(first.$log).toMatchObject({
    erased: true,
    edited: { msg_id: 2 },
    versions: [{ msg: { text: "two" } }, { msg: {}, erased: true }],
  });
});

test("[M21] an erased message cannot be edited or deleted any more", async () => {
  const { ann, erase } = await stage();
  await say(ann, "one");
  await erase("ann");
  expect((await inR(ann, "msglog_edit", { msg_id: 1, msg: {} })).data.code).toBe(304110);
  expect((await inR(ann, "msglog_delete", { msg_id: 1 })).data.code).toBe(304110);
});

test("[M21] who hears messages is told which read differently now, in its place", async () => {
  const { ann, bob, mia, opa, erase } = await stage();
  await inR(bob, "msglog_subscribe");
  await say(ann, "one");
  await say(bob, "two");
  await inR(mia, "msglog_edit", { msg_id: 1, msg: { text: "uno" } });
  await erase("ann");
  await say(opa, "three");
  await bob.settled();
  const events = eventsOf(bob.texts.map((text) => JSON.parse(text)));
  const { epoch } = (await inR(opa, "msglog_info")).data;
  expect(events.map(({ type }) => type)).toEqual([
    ...Array(3).fill("msglog_new_msg"),
    "msglog_erased",
    "msglog_new_msg",
  ]);
  expect(events[3]?.body).toEqual({ epoch, user_id: "ann", msg_ids: [1, 3] });
});

test("[M21] ended lives are erased as well, and what is sent afterwards is not", async () => {
  const { ann, opa, erase } = await stage();
  await say(ann, "one");
  await inR(opa, "destroy");
  await inR(opa, "create", { class: "chat" });
  await say(ann, "two");
  expect(await erase("ann")).toMatchObject({ rooms: 1, messages: 2 });
  await say(ann, "three");
  expect((await inR(opa, "msglog_get", { epoch: "last" })).data).toMatchObject([{ $log: { erased: true } }]);
  expect((await inR(opa, "msglog_get")).data).toMatchObject([{ $log: { erased: true } }, { text: "three" }]);
});

test("[M21] receipts are kept, the newest first", async () => {
  const data = dataDirectory();
  const { ann, opa, erase, server } = await stage({ data });
  await say(ann, "one");
  const first = await erase("ann");
  const second = await erase("bob");
  const list = async (client: RawClient, more: object = {}) =>
    (await client.call("media/room/msglog_erasures", more)).data;
  const both = [second, first].map((receipt) => ({ ...receipt, by: "opa", complete: true }));
  expect(await list(opa)).toEqual(both);
  expect(await list(opa, { limit: 1 })).toEqual(both.slice(0, 1));
  expect(await list(opa, { before: second.receipt })).toEqual(both.slice(1));
  await server.close();
  const again = await stage({ data });
  expect(await list(again.opa)).toEqual(both);
});

test("[M21] no file of the data directory holds the text any more, nor after a restart", async () => {
  const data = dataDirectory();
  const many = { requests: 1e6, requests_burst: 1e6 };
  const limits = { rates: { connection: many, user: many, address: many } };
  const { ann, bob, opa, erase, server } = await stage({ data, limits });
  const rooms = Array.from({ length: 12 }, (_, n) => `room ${n}`);
  for (const room_id of rooms) await opa.call("media/room/create", { room_id, class: "chat" });
  for (let n = 0; n < 60; n++) {
    for (const [i, room_id] of rooms.entries()) {
      const [who, word] = (n + i) % 3 === 0 ? [ann, "SECRETWORD"] : [bob, "otherword"];
      const text = `${word} ${"x".repeat((n * 7919) % 900)} ${word}END`;
      const msg = { text: n === 30 ? text.repeat(12) : text };
      who.send({ class: "media", subclass: "room", cmd: "msglog_send", data: { room_id, msg }, tid: n });
    }
    // Other pages are split now than by one commit.
    await Promise.all([ann.settled(), bob.settled()]);
  }
  // A log that is so long is indexed for searches too.
  for (let n = 0; n < 210; n++) {
    const msg = { text: n % 2 === 0 ? `secretword${n} SECRETWORD` : `otherword${n}` };
    const data = { room_id: rooms[0], msg };
    (n % 2 === 0 ? ann : bob).send({ class: "media", subclass: "room", cmd: "msglog_send", data, tid: n });
  }
  await Promise.all([ann.settled(), bob.settled()]);
  const found = async (search: string) =>
    (await opa.call("media/room/msglog_get", { room_id: rooms[0], search, limit: 1000 })).data.length;
  expect([await found("secretword*"), await found("otherword*")]).toEqual([125, 145]);
  expect(holding(data, "SECRETWORD")).not.toEqual([]);
  expect(holding(data, "secretword")).not.toEqual([]);
  expect(await erase("ann")).toMatchObject({ rooms: 12, messages: 345 });
  expect([await found("secretword*"), await found("otherword*")]).toEqual([0, 145]);
  expect(holding(data, "secretword")).toEqual([]);
  expect(holding(data, "SECRETWORD")).toEqual([]);
  expect(holding(data, "otherword")).not.toEqual([]);
  await server.close();
  const again = await serverForTest({ data });
  expect(holding(data, "SECRETWORD")).toEqual([]);
  await again.close();
  expect(holding(data, "SECRETWORD")).toEqual([]);
}, 60_000);

const rooms = Array.from({ length: 6 }, (_, n) => `room ${n}`);

/** Ann and then bob write in all rooms, in the first one so much that it is indexed for searches too. */
async function talked(config: Parameters<typeof people>[1]) {
  const many = { requests: 1e6, requests_burst: 1e6 };
  const limits = { rates: { connection: many, user: many, address: many } };
  const staged = await stage({ ...config, limits });
  for (const room_id of rooms) await staged.opa.call("media/room/create", { room_id, class: "chat" });
  for (const [who, word] of [
    [staged.ann, "SECRETWORD"],
    [staged.bob, "otherword"],
  ] as const) {
    for (let n = 0; n < 300; n++) {
      const room_id = n < 260 ? "room 0" : rooms[n % rooms.length];
      const msg = { text: `${word} ${"x".repeat((n * 7919) % 900)} ${word}END${n}` };
      who.send({ class: "media", subclass: "room", cmd: "msglog_send", data: { room_id, msg }, tid: n });
    }
    await who.settled();
  }
  return staged;
}

/** Asks until nothing of ann's is left to erase. */
async function untilDropped(erase: (user_id: string, more: object) => Promise<Frame>): Promise<void> {
  for (let n = 0; n < 1000; n++) if ((await erase("ann", { dry_run: true })).messages === 0) return;
  throw new Error("it is not dropped");
}

const DROPPED: readonly (readonly [
  string,
  object,
  (opa: RawClient, room_id: string, last_id: number) => Promise<Frame>,
])[] = [
  [
    "a purge",
    {},
    (opa, room_id, last) => opa.call("media/room/msglog_purge", { room_id, before: last / 2 + 1 }),
  ],
  [
    "retention",
    { sweep_seconds: 0.02 },
    (opa, room_id, last) => opa.call("media/room/update", { room_id, retention: { max_messages: last / 2 } }),
  ],
  [
    "the end of a room",
    { on_destroy: "delete", sweep_seconds: 0.02 },
    (opa, room_id) => opa.call("media/room/destroy", { room_id }),
  ],
];

test.for(DROPPED)("[M21] what %s has dropped before is in no file either", async ([, msglog, drop]) => {
  const data = dataDirectory();
  const { bob, opa, erase } = await talked({ data, services: { main: { msglog } } });
  await say(bob, "otherword");
  // Now the index of words is one piece, and what is dropped of it is only said to be gone.
  await erase("nobody");
  for (const room_id of rooms) {
    const { last_id } = (await opa.call("media/room/msglog_info", { room_id })).data;
    expect((await drop(opa, room_id, last_id)).result).toBe("ok");
  }
  await untilDropped(erase);
  expect([...holding(data, "SECRETWORD"), ...holding(data, "secretword")]).not.toEqual([]);
  expect(await erase("ann")).toMatchObject({ rooms: 0, messages: 0 });
  expect([...holding(data, "SECRETWORD"), ...holding(data, "secretword")]).toEqual([]);
  expect(holding(data, "otherword")).not.toEqual([]);
});

/** The files whose bytes hold a word. */
function holding(directory: string, word: string): string[] {
  return readdirSync(directory).filter((name) => readFileSync(join(directory, name)).includes(word));
}

test("[M22] while a room is on hold nothing of its log is removed, and that is said", async () => {
  const { ann, opa, erase } = await stage();
  const { purge, get } = roomCalls(opa);
  await say(ann, "one");
  await say(ann, "two");
  expect(await inR(opa, "msglog_hold", { hold: true, reason: "case 7" })).toMatchObject({ result: "ok" });
  const { hold } = (await inR(ann, "msglog_info")).data;
  expect(hold).toEqual({ reason: "case 7", since: expect.any(Number), by: "opa" });
  const refused = { code: 304111, error: "Log is on hold", reason: "case 7" };
  expect((await purge({ before: 2 })).data).toEqual(refused);
  expect((await purge({ before: 2, dry_run: true })).data).toEqual(refused);
  expect(await erase("ann", { dry_run: true })).toMatchObject({ messages: 0, held: ["r"] });
  expect(await erase("ann")).toMatchObject({ rooms: 0, messages: 0, held: ["r"] });
  expect((await get()).data).toMatchObject([{ text: "one" }, { text: "two" }]);
  await inR(opa, "msglog_hold", { hold: false });
  expect((await inR(ann, "msglog_info")).data).not.toHaveProperty("hold");
  expect(await erase("ann")).toMatchObject({ messages: 2, held: [] });
  expect((await purge({ before: 2 })).data).toMatchObject({ count: 1 });
});

test("[M22] a purge that a hold comes before says the reason too", async () => {
  const store = new SlowStore();
  const { server, send, purge, get } = await inRoom({}, { store });
  await send({ n: 1 });
  const [bob, opa] = [await RawClient.login(server.url, "bob"), await RawClient.login(server.url, "opa")];
  const waiting = async () => {
    const page = await (await fetch(`${server.url.replace("ws", "http")}metrics`)).text();
    return Number(/^roomlog_writes_waiting (\d+)/m.exec(page)?.[1]);
  };
  store.hold();
  const sent = say(bob, "two");
  await store.held;
  const held = inR(opa, "msglog_hold", { hold: true, reason: "case 7" });
  await expect.poll(waiting, { timeout: 10_000 }).toBe(1);
  const purged = purge({ before: 2 });
  await expect.poll(waiting, { timeout: 10_000 }).toBe(2);
  store.release();
  expect([(await sent).result, (await held).result]).toEqual(["ok", "ok"]);
  expect((await purged).data).toMatchObject({ code: 304111, reason: "case 7" });
  expect(idsOf((await get()).data)).toEqual([1, 2]);
});

test("[M22] a hold outlives restarts and the end of the room, also where logs are not kept", async () => {
  const data = dataDirectory();
  const services = { main: { msglog: { on_destroy: "delete", sweep_seconds: 0.05 } } } as const;
  const { ann, opa, server } = await stage({ data, services });
  await say(ann, "one");
  const { epoch } = (await inR(opa, "msglog_info")).data;
  await inR(opa, "msglog_hold", { hold: true });
  await inR(opa, "destroy");
  await server.close();
  const again = await stage({ data, services });
  const read = () => inR(again.opa, "msglog_get", { epoch });
  expect(idsOf((await read()).data)).toEqual([1]);
  expect((await inR(again.opa, "msglog_purge", { epoch, before: 2 })).data.code).toBe(304111);
  await inR(again.opa, "msglog_hold", { hold: false });
  expect((await read()).data.code).toBe(304106);
});

test("[M22] to hold a room that has ended its right is enough", async () => {
  const { login } = await people({ ann: ["*", "room_destroy"], law: ["msglog_hold"] });
  const [ann, law] = [await login("ann"), await login("law")];
  await inR(ann, "create", { class: "chat" });
  await inR(ann, "destroy");
  expect(await inR(law, "msglog_hold", { hold: true })).toMatchObject({ result: "ok" });
  expect((await inR(ann, "msglog_info", { epoch: "last" })).data.hold).toMatchObject({ by: "law" });
  expect((await inR(law, "msglog_hold", { hold: true, room_id: "none" })).data.code).toBe(304001);
});

test("[M22] one life of a room can be held alone", async () => {
  const { ann, opa } = await stage();
  await say(ann, "one");
  await inR(opa, "destroy");
  await inR(opa, "create", { class: "chat" });
  await say(ann, "two");
  await inR(opa, "msglog_hold", { hold: true, epoch: "last" });
  expect((await inR(opa, "msglog_purge", { before: 2 })).data).toMatchObject({ count: 1 });
  expect((await inR(opa, "msglog_purge", { before: 2, epoch: "last" })).data.code).toBe(304111);
  expect((await inR(opa, "msglog_hold", { hold: true, room_id: "none" })).data.code).toBe(304001);
});
