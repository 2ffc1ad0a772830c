import { errorCodes } from "@roomlog/protocol";
import { expect, test } from "vitest";
import { httpClient, httpOf } from "../support/http.ts";
import { inRoom, roomCalls } from "../support/in-room.ts";
import { people } from "../support/people.ts";
import { eventsOf, type Frame, RawClient } from "../support/raw-client.ts";

/** A call on the room "r". */
const inR = (client: RawClient, cmd: string, data: object = {}): Promise<Frame> =>
  client.call(`media/room/${cmd}`, { room_id: "r", ...data });

/** `ok`, or the error's code. */
async function outcome(answer: Promise<Frame>): Promise<unknown> {
  const { result, data } = await answer;
  return result === "ok" ? "ok" : data.code;
}

const edit = (client: RawClient, msg_id: number, msg: object = { n: 2 }, more: object = {}) =>
  inR(client, "msglog_edit", { msg_id, msg, ...more });
const remove = (client: RawClient, msg_id: number, more: object = {}) =>
  inR(client, "msglog_delete", { msg_id, ...more });

/** Ann owns the room "r", mia moderates it, bob takes part, vic looks on. */
async function stage(rights: Parameters<typeof people>[0] = {}) {
  const everybody = { ann: ["*"], mia: ["*"], bob: ["*"], vic: ["*"], ...rights };
  const all = await people(everybody, { store: { kind: "memory" } });
  const [ann, mia, bob, vic] = [
    await all.login("ann"),
    await all.login("mia"),
    await all.login("bob"),
    await all.login("vic"),
  ];
  await inR(ann, "create", { class: "chat" });
  await inR(ann, "grant", { user_id: "mia", role: "moderator" });
  await inR(ann, "grant", { user_id: "vic", role: "viewer" });
  return { ...all, ann, mia, bob, vic };
}

test("[M15] an edit has an id of its own; from then on the message shows the new body", async () => {
  const { client, send, get } = await inRoom();
  await send({ text: "helo" });
  await send({ text: "other" });
  const { data } = await edit(client, 1, { text: "hello" });
  expect(data).toEqual({ msg_id: 3 });
  const [first, , third] = (await get()).data;
  const { timestmap } = third;
  expect(first).toMatchObject({
    msg_id: 1,
    text: "hello",
    $log: { edited: { msg_id: 3, user_id: "ann", timestmap } },
  });
  expect(third).toMatchObject({ msg_id: 3, text: "hello", user_id: "ann", $log: { op: "edit", ref: 1 } });
});

test.for([{}, { store: { kind: "memory" } } as const])(
  "[M15] [Q1] a message has at most msglog.max_edits edits, whoever makes them, %j",
  async (store) => {
    const config = { ...store, services: { main: { msglog: { max_edits: 3 } } } };
    const { server, client, send, get } = await inRoom(config);
    await send({ text: "one" });
    await send({ text: "two" }, { ref: 1 });
    for (const n of [1, 2, 3]) expect((await edit(client, 1, { n })).result).toBe("ok");
    const refused = { result: "error", data: { code: errorCodes.too_many_requests, limit: 3 } };
    expect(await edit(client, 1, { n: 4 })).toMatchObject(refused);
    const http = httpClient(httpOf(server.url));
    expect(await http.put("/v1/rooms/r/messages/1", '{"n":4}')).toMatchObject({ status: 429 });
    expect(await edit(client, 2, { n: 1 })).toMatchObject({ data: { msg_id: 6 } });
    const [first] = (await get({ versions: true })).data;
    expect(first).toMatchObject({ n: 3 });
    expect(first.$log.versions).toHaveLength(4);
    expect((await remove(client, 1)).data).toEqual({ msg_id: 7 });
    expect(await outcome(edit(client, 1))).toBe(errorCodes.message_not_found);
  },
);

test("[M15] [Q1] a message can be edited 1000 times unless that is configured", async () => {
  const { client, send } = await inRoom({ store: { kind: "memory" } });
  await send({});
  for (let tid = 1; tid <= 1001; tid++)
    client.send({
      class: "media",
      subclass: "room",
      cmd: "msglog_edit",
      data: { room_id: "r", msg_id: 1, msg: {} },
      tid,
    });
  expect(await client.until(({ tid }) => tid === 1000)).toMatchObject({ data: { msg_id: 1001 } });
  expect(await client.until(({ tid }) => tid === 1001)).toMatchObject({
    data: { code: 100050, limit: 1000 },
  });
});

test("[M6] [M8] wordings and reasons count in msglog.max_get_bytes", async () => {
  const { client, send, get } = await inRoom({ services: { main: { msglog: { max_get_bytes: 300 } } } });
  await send({ n: 1 });
  await edit(client, 1, { text: "x".repeat(200) });
  await edit(client, 1, { n: 2 });
  await send({ n: 3 });
  await remove(client, 4, { reason: "y".repeat(200) });
  const ids = async (query: object) => (await get(query)).data.map(({ msg_id }: Frame) => msg_id);
  expect(await ids({ limit: 3 })).toEqual([1, 2, 3]);
  expect(await ids({ limit: 3, versions: true })).toEqual([1]);
  expect(await ids({ after: 3, limit: 3 })).toEqual([4]);
  expect(await get({ after: 3 })).toMatchObject({ data: { code: 304103, field: "limit", limit: 300 } });
});

test("[M15] a deleted message is an empty one that says who deleted it, when and why", async () => {
  const { client, send, get } = await inRoom();
  await send({ text: "secret" });
  await edit(client, 1, { text: "secret too" });
  expect((await remove(client, 1, { reason: "a slip" })).data).toEqual({ msg_id: 3 });
  const page = (await get()).data;
  const [first, second, third] = page;
  const deleted = { msg_id: 3, user_id: "ann", timestmap: third.timestmap, reason: "a slip" };
  expect(first.$log).toEqual({ deleted });
  expect(second.$log).toEqual({ op: "edit", ref: 1, deleted });
  expect(third).toMatchObject({ reason: "a slip", $log: { op: "delete", ref: 1 } });
  expect(JSON.stringify(page)).not.toContain("secret");
});

test("[M15] changes reach everyone who listens as messages of the log, in its order", async () => {
  const { url, client, send } = await inRoom();
  const bob = await RawClient.login(url, "bob");
  await roomCalls(bob).subscribe({});
  await send({ n: 1 });
  await edit(client, 1, { n: 2 });
  await remove(client, 1);
  const told = eventsOf(await bob.settled()).map(({ type, body }) => [type, body.msg_id, body.n, body.$log]);
  expect(told).toEqual([
    ["msglog_new_msg", 1, 1, undefined],
    ["msglog_new_msg", 2, 2, { op: "edit", ref: 1 }],
    ["msglog_new_msg", 3, undefined, { op: "delete", ref: 1 }],
  ]);
});

test("[M15] who catches up gets messages as they are now: nothing of what was deleted", async () => {
  const { url, client, send, sendMany } = await inRoom();
  await sendMany(2);
  await send({ text: "secret" });
  await edit(client, 1, { n: "new" });
  await remove(client, 3);
  const bob = await RawClient.login(url, "bob");
  await roomCalls(bob).subscribe({ after: 0 });
  await bob.until((frame) => frame.data?.body?.msg_id === 5);
  expect(bob.texts.join()).not.toContain("secret");
  const bodies = bob.texts.map((text) => JSON.parse(text).data?.body).filter((body) => body?.msg_id);
  expect(bodies.map(({ msg_id, n, $log }) => [msg_id, n, Object.keys($log ?? {})])).toEqual([
    [1, "new", ["edited"]],
    [2, 2, []],
    [3, undefined, ["deleted"]],
    [4, "new", ["op", "ref"]],
    [5, undefined, ["op", "ref"]],
  ]);
});

test("[M15] only a message that is there can be edited or deleted", async () => {
  const { client, send } = await inRoom();
  await send({ n: 1 });
  await send({ n: 2 });
  await edit(client, 1);
  await remove(client, 2);
  for (const msg_id of [2, 3, 4, 5, 99]) {
    expect((await edit(client, msg_id)).data).toMatchObject({ code: errorCodes.message_not_found });
    expect((await remove(client, msg_id)).data).toMatchObject({ code: errorCodes.message_not_found });
  }
  for (const msg_id of [0, -1, 1.5, "1", null]) {
    expect(await outcome(edit(client, msg_id as number))).toBe(100044);
    expect(await outcome(remove(client, msg_id as number))).toBe(100044);
  }
  expect(await outcome(inR(client, "msglog_edit", { msg_id: 1 }))).toBe(100045);
  expect(await outcome(inR(client, "msglog_edit", { msg_id: 1, msg: [] }))).toBe(100044);
});

test("[M15] what a name was used for comes back when the change is repeated", async () => {
  const { client, send, info } = await inRoom();
  await send({ n: 1 }, { client_msg_id: "x" });
  expect((await edit(client, 1, { n: 2 }, { client_msg_id: "y" })).data).toEqual({ msg_id: 2 });
  expect((await edit(client, 1, { n: 3 }, { client_msg_id: "y" })).data).toEqual({
    msg_id: 2,
    duplicate: true,
  });
  expect((await remove(client, 1, { client_msg_id: "z" })).data).toEqual({ msg_id: 3 });
  expect((await remove(client, 1, { client_msg_id: "z" })).data).toEqual({ msg_id: 3, duplicate: true });
  expect((await remove(client, 1, { client_msg_id: "x" })).data).toEqual({ msg_id: 1, duplicate: true });
  expect(await info()).toMatchObject({ last_id: 3 });
  expect(await outcome(edit(client, 1, {}, { epoch: "another" }))).toBe(304106);
});

test("[M15] everybody changes his own messages; a moderator deletes any, and edits none", async () => {
  const { ann, mia, bob, vic } = await stage();
  for (const client of [ann, bob, bob]) await inR(client, "msglog_send", { msg: {} });
  expect(await outcome(edit(bob, 1))).toBe(100030);
  expect(await outcome(remove(bob, 1))).toBe(100030);
  expect(await outcome(edit(mia, 2))).toBe(100030);
  expect(await outcome(edit(ann, 2))).toBe(100030);
  expect(await outcome(edit(vic, 1))).toBe(100030);
  expect(await outcome(remove(vic, 1))).toBe(100030);
  expect(await outcome(edit(bob, 2))).toBe("ok");
  expect(await outcome(remove(bob, 2))).toBe("ok");
  expect(await outcome(remove(mia, 3))).toBe("ok");
  expect(await outcome(remove(mia, 1))).toBe("ok");
});

test("[M15] the rights for messages of others are granted by name", async () => {
  const { ann, bob, login } = await stage({
    ed: ["*", "msglog_edit_any"],
    del: ["*", { right: "msglog_delete_any", rooms: "r" }],
    not: ["msglog_get", "msglog_send"],
  });
  for (const client of [ann, bob, await login("not")]) await inR(client, "msglog_send", { msg: {} });
  const [ed, del, not] = [await login("ed"), await login("del"), await login("not", "another")];
  expect(await outcome(edit(ed, 2))).toBe("ok");
  expect(await outcome(remove(ed, 2))).toBe(100030);
  expect(await outcome(edit(del, 1))).toBe(100030);
  expect(await outcome(remove(del, 1))).toBe("ok");
  expect(await outcome(edit(not, 3))).toBe(100030);
  expect(await outcome(remove(not, 3))).toBe(100030);
});

test("[M15] who is muted, or in a room that is read-only, does not speak by editing", async () => {
  const { ann, bob } = await stage();
  await inR(bob, "msglog_send", { msg: {} });
  await inR(ann, "mute", { user_id: "bob" });
  expect(await outcome(edit(bob, 1))).toBe(304107);
  await inR(ann, "mute", { user_id: "bob", seconds: 0 });
  await inR(ann, "set_access", { read_only: true });
  expect(await outcome(edit(bob, 1))).toBe(304108);
  expect(await outcome(remove(bob, 1))).toBe("ok");
});

test("[M15] an edit is bounded as a message is", async () => {
  const { client, send } = await inRoom({ services: { main: { msglog: { max_message_bytes: 10 } } } });
  await send({});
  expect((await edit(client, 1, { text: "too long" })).data).toMatchObject({
    code: 304101,
    limit: 10,
    field: "msg",
  });
  expect(await outcome(edit(client, 1, { a: 1, msg_id: 7, $log: {} } as object))).toBe(304101);
});

test("[M2] what a client sends as $log is not kept, in an edit either", async () => {
  const { client, send, get } = await inRoom();
  await send({ $log: { op: "delete" }, n: 1 });
  await edit(client, 1, { $log: { op: "delete" }, msg_id: 9, n: 2 });
  const [first, second] = (await get()).data;
  expect([first.msg_id, first.n, Object.keys(first.$log)]).toEqual([1, 2, ["edited"]]);
  expect([second.msg_id, second.$log]).toEqual([2, { op: "edit", ref: 1 }]);
});

test("[M15] [M7] the wordings of a message, exact, with versions; of what was deleted for moderators alone", async () => {
  const { ann, mia, bob } = await stage();
  await inR(bob, "msglog_send", { msg: { text: "one" } });
  bob.send(
    '{"class":"media","cmd":"msglog_edit","subclass":"room","data":{"room_id":"r","msg_id":1,"msg":{"n":1.0}},"tid":1}',
  );
  await bob.until(({ tid }) => tid === 1);
  await inR(ann, "msglog_send", { msg: { text: "bad" } });
  await remove(ann, 3);
  const versions = async (client: RawClient, more: object = {}) => {
    const { data } = await inR(client, "msglog_get", { versions: true, ...more });
    return data.map(({ $log }: Frame) => $log?.versions?.map(({ msg_id, msg }: Frame) => [msg_id, msg]));
  };
  const ofFirst = [
    [1, { text: "one" }],
    [2, { n: 1 }],
  ];
  expect(await versions(bob)).toEqual([ofFirst, undefined, undefined, undefined]);
  expect(bob.texts.at(-1)).toContain('"msg":{"n":1.0}');
  expect(await versions(mia)).toEqual([ofFirst, undefined, [[3, { text: "bad" }]], undefined]);
  const { data: info } = await inR(ann, "msglog_info");
  await inR(ann, "destroy");
  expect(await versions(bob, { epoch: info.epoch })).toEqual([ofFirst, undefined, undefined, undefined]);
  expect(await versions(ann, { epoch: "last" })).toEqual([
    ofFirst,
    undefined,
    [[3, { text: "bad" }]],
    undefined,
  ]);
});

test("[M16] messages that refer to another one say so, and are found and counted by it", async () => {
  const { send, get } = await inRoom();
  await send({ text: "who comes?" });
  await send({ type: "reaction", key: "+1" }, { ref: 1 });
  await send({ text: "me" }, { ref: 1 });
  await send({ text: "you?" }, { ref: 3 });
  const about = async (query: object) =>
    (await get(query)).data.map(({ msg_id, $log }: Frame) => [msg_id, $log]);
  expect(await about({ ref: 1 })).toEqual([
    [2, { ref: 1 }],
    [3, { ref: 1 }],
  ]);
  expect(await about({ ref: 1, order: "desc", limit: 1 })).toEqual([[3, { ref: 1 }]]);
  expect(await about({ refs: true })).toEqual([
    [1, { refs: 2 }],
    [2, { ref: 1, refs: 0 }],
    [3, { ref: 1, refs: 1 }],
    [4, { ref: 3, refs: 0 }],
  ]);
});

test("[M16] a message can refer to what is there, not to what is to come", async () => {
  const { send } = await inRoom();
  expect((await send({}, { ref: 1 })).data).toMatchObject({ code: errorCodes.message_not_found });
  expect((await send({}, { ref: 0 })).data).toMatchObject({ code: 100044, field: "ref" });
  await send({});
  expect((await send({}, { ref: 1, client_msg_id: "a" })).data).toEqual({ msg_id: 2 });
  expect((await send({}, { ref: 99, client_msg_id: "a" })).data).toEqual({ msg_id: 2, duplicate: true });
});
