import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { MemoryStore } from "../../packages/server/src/store/memory.ts";
import type { Write, Written } from "../../packages/server/src/store/store.ts";
import { EventStream } from "../support/event-stream.ts";
import { httpOf } from "../support/http.ts";
import { inRoom, roomCalls, sending } from "../support/in-room.ts";
import { type Frame, RawClient } from "../support/raw-client.ts";
import { SlowStore } from "../support/slow-store.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** The messages that have come so far, each as the text that stands in its event. */
const bodies = (client: RawClient): string[] =>
  client.texts.flatMap(
    (text) => /"type":"msglog_new_msg".*?"body":(.*)\},"tid":\d+\}$/.exec(text)?.[1] ?? [],
  );
const heard = (client: RawClient): Frame[] => bodies(client).map((text) => JSON.parse(text));
const idsOf = (client: RawClient) => heard(client).map(({ msg_id }) => msg_id);

/** Somebody who has subscribed to the room. */
async function listener(url: string, session_id: string, more: object = {}) {
  const client = (await RawClient.login(url, "eve", session_id)).answering();
  const { subscribe } = roomCalls(client);
  await subscribe(more);
  return client;
}

/** The page as `digest: true` gives it, each message as its text. */
async function provenPage(client: RawClient, more: object = {}): Promise<string[]> {
  const { data } = await client.call("media/room/msglog_get", { room_id: "r", digest: true, ...more });
  const texts = data.map((message: Frame) => JSON.stringify(message));
  // Nothing in these messages changes by being parsed.
  expect(client.texts.at(-1)).toContain(`"data":[${texts.join(",")}]`);
  return texts;
}

const pipelined = (client: RawClient, count: number, first = 1) => {
  for (let n = first; n < first + count; n++) client.send(sending(n));
  return client.until(({ tid }) => tid === first + count - 1);
};

test.for([{}, { store: { kind: "memory" } } as const])(
  "[M23] live events have what a page has with `digest`, for who asked for it alone, %j",
  async (config) => {
    const { url, client } = await inRoom(config);
    const [one, other] = [
      await listener(url, "d1", { digest: true }),
      await listener(url, "d2", { digest: true }),
    ];
    const plain = await listener(url, "p");
    await pipelined(client, 5);
    for (const each of [one, other, plain]) await each.settled();
    expect(bodies(one)).toEqual(await provenPage(client));
    expect(bodies(one)).toHaveLength(5);
    // The same frame, made once.
    const events = (each: RawClient) => each.texts.filter((text) => text.includes('"event"'));
    expect(events(other)).toEqual(events(one));
    expect(bodies(plain)).toEqual(
      bodies(one).map((text) => text.replace(/,"\$log":\{"digest":"\w{64}","salt":"\w{32}"\}/, "")),
    );
    expect(heard(plain).every(({ $log }) => $log === undefined)).toBe(true);
  },
);

test("[M23] what is caught up and what comes live are one chain", async () => {
  const { url, client, info } = await inRoom({ limits: { window: 4 } });
  await pipelined(client, 10);
  const eve = await listener(url, "d", { after: 3, digest: true });
  await pipelined(client, 10, 11);
  await expect.poll(() => idsOf(eve).at(-1)).toBe(20);
  const { epoch } = await info();
  const { data } = await client.call("media/room/msglog_digest", { room_id: "r", at: 3 });
  let previous = data.digest;
  for (const { msg_id, n, timestmap, $log, ...who } of heard(eve)) {
    const commitment = sha256(`${$log.salt}{"n":${n}}`);
    const { session_id, user_id } = who;
    previous = sha256(JSON.stringify({ commitment, msg_id, previous, session_id, timestmap, user_id }));
    expect($log.digest).toBe(previous);
  }
  expect(idsOf(eve)).toEqual(Array.from({ length: 17 }, (_, i) => i + 4));
  expect((await client.call("media/room/msglog_digest", { room_id: "r" })).data).toEqual({
    epoch,
    msg_id: 20,
    digest: previous,
  });
});

test("[M23] an edit and a deletion come with their own digests", async () => {
  const { url, client, send } = await inRoom();
  const eve = await listener(url, "d", { digest: true });
  await send({ n: 1 });
  await client.call("media/room/msglog_edit", { room_id: "r", msg_id: 1, msg: { n: 2 } });
  await send({ n: 3 }, { ref: 1, mentions: ["bob"] });
  const beforeDeletion = await provenPage(client, { after: 1, limit: 2 });
  await client.call("media/room/msglog_delete", { room_id: "r", msg_id: 1, reason: "why" });
  await eve.settled();
  const [first, edit, reply, deletion] = heard(eve);
  expect(first).toMatchObject({ n: 1, $log: { salt: expect.any(String) } });
  expect(bodies(eve).slice(1, 3)).toEqual(beforeDeletion);
  expect([edit.$log, reply.$log]).toMatchObject([
    { op: "edit", ref: 1 },
    { ref: 1, mentions: ["bob"] },
  ]);
  expect(deletion).toMatchObject({ reason: "why", $log: { op: "delete", ref: 1 } });
  for (const { msg_id, $log } of heard(eve)) {
    const { data } = await client.call("media/room/msglog_digest", { room_id: "r", at: msg_id });
    expect($log.digest).toBe(data.digest);
  }
});

test("[M23] [M21] caught up after changes and an erasure there is a commitment", async () => {
  const { url, client, send } = await inRoom();
  const live = await listener(url, "live", { digest: true });
  await send({ n: 1 });
  await send({ n: 2 });
  const eve = await RawClient.login(url, "eve", "e");
  await roomCalls(eve).send({ n: 3 });
  await client.call("media/room/msglog_edit", { room_id: "r", msg_id: 1, msg: { n: 4 } });
  await client.call("media/room/msglog_erase_user", { user_id: "eve" });
  const late = await listener(url, "late", { after: 0, digest: true });
  await expect.poll(() => idsOf(late)).toEqual([1, 2, 3, 4]);
  await live.settled();
  const [asSent, now] = [heard(live), heard(late)];
  expect(now.map(({ $log }) => $log.digest)).toEqual(asSent.map(({ $log }) => $log.digest));
  const commitment = (id: number) => sha256(`${asSent[id - 1].$log.salt}{"n":${id}}`);
  expect(now[0]).toMatchObject({ n: 4, $log: { edited: { msg_id: 4 }, commitment: commitment(1) } });
  expect(now[1].$log).toEqual(asSent[1].$log);
  expect(now[2].$log).toEqual({ erased: true, digest: asSent[2].$log.digest, commitment: commitment(3) });
  expect(now[0].$log).not.toHaveProperty("salt");
});

test("[M23] [M17] with a view, live and caught up; the filter does not see what was added", async () => {
  const { url, client } = await inRoom({ limits: { window: 2 } });
  await pipelined(client, 6);
  const where = { "/n": { in: [2, 4, 8] }, "/$log": { exists: false } };
  const eve = await listener(url, "d", { after: 0, where, digest: true });
  await pipelined(client, 4, 7);
  await expect.poll(() => idsOf(eve)).toEqual([2, 4, 8]);
  expect(heard(eve).every(({ $log }) => $log.digest && $log.salt)).toBe(true);
  const page = await client.call("media/room/msglog_get", { room_id: "r", where, digest: true });
  expect(page.data).toEqual(heard(eve));
});

test("[M23] it lasts until the next msglog_subscribe or msglog_unsubscribe, whatever else is subscribed to", async () => {
  const { url, client, send } = await inRoom();
  const eve = (await RawClient.login(url, "eve", "e")).answering();
  const hasDigest = async () => {
    await send({});
    await eve.settled();
    return heard(eve).at(-1).$log !== undefined;
  };
  await eve.call("core/event/subscribe", { class: "media", obj_id: "r" });
  await eve.call("core/event/subscribe", {
    class: "media",
    obj_id: "r",
    type: "msglog_new_msg",
    body: { x: 1 },
  });
  expect(await hasDigest()).toBe(false);
  const { subscribe } = roomCalls(eve);
  await subscribe({ digest: true });
  expect(await hasDigest()).toBe(true);
  expect(heard(eve).at(-1).x).toBe(1);
  await subscribe({ digest: true, where: {} });
  expect(await hasDigest()).toBe(true);
  await subscribe();
  expect(await hasDigest()).toBe(false);
  await subscribe({ digest: true });
  await eve.call("media/room/msglog_unsubscribe", { room_id: "r" });
  expect(await hasDigest()).toBe(false);
  expect(idsOf(eve)).toEqual([1, 2, 3, 4, 5]);
  expect((await subscribe({ digest: 1 })).data).toMatchObject({ code: 100044, field: "digest" });
  expect((await client.call("media/room/msglog_get", { room_id: "r" })).data).toHaveLength(5);
});

test("[M23] a message that was on its way into the log when somebody asked comes with its digest too", async () => {
  const store = new SlowStore();
  const { url, client } = await inRoom({}, { store });
  const eve = (await RawClient.login(url, "eve", "e")).answering();
  const plain = await listener(url, "p");
  const send = (n: number) => client.send(sending(n));
  store.hold();
  send(1);
  await store.held;
  send(2);
  const subscribed = roomCalls(eve).subscribe({ digest: true, after: 0 });
  await plain.settled();
  store.release();
  store.hold();
  await store.held;
  await subscribed;
  // The store was asked to keep the second one before anybody wanted to know what proves it.
  send(3);
  store.release();
  await expect.poll(() => idsOf(eve)).toEqual([1, 2, 3]);
  expect(bodies(eve)).toEqual(await provenPage(client));
  expect(idsOf(plain)).toEqual([1, 2, 3]);
});

/** Remembers of each entry whether what proves it was asked for. */
class AskedStore extends MemoryStore {
  readonly asked: (boolean | undefined)[] = [];

  override commit(writes: readonly Write[]): Promise<Written[]> {
    for (const write of writes) if (write.kind === "append") this.asked.push(write.prove);
    return super.commit(writes);
  }
}

test("[M23] the store is asked for digests while somebody wants them, and of his room alone", async () => {
  const store = new AskedStore();
  const { url, client, send } = await inRoom({}, { store });
  await client.call("media/room/create", { class: "chat", room_id: "other" });
  const sendBoth = async () => {
    await send({});
    await client.call("media/room/msglog_send", { room_id: "other", msg: {} });
    return store.asked.splice(0);
  };
  expect(await sendBoth()).toEqual([false, false]);
  const one = await listener(url, "1", { digest: true });
  const other = await listener(url, "2", { digest: true });
  await listener(url, "3", { where: {} });
  expect(await sendBoth()).toEqual([true, false]);
  await roomCalls(one).subscribe({ digest: true, where: {} });
  await roomCalls(one).subscribe({ where: {} });
  expect(await sendBoth()).toEqual([true, false]);
  await other.close();
  await expect.poll(sendBoth).toEqual([false, false]);
  await roomCalls(one).subscribe({ digest: true });
  expect(await sendBoth()).toEqual([true, false]);
  await one.call("media/room/msglog_unsubscribe", { room_id: "r" });
  expect(await sendBoth()).toEqual([false, false]);
});

test("[M23] whoever asks at whatever moment, nothing is missing, twice or without a digest", async () => {
  const { url, client } = await inRoom();
  const eve = (await RawClient.login(url, "eve", "e")).answering();
  const { subscribe } = roomCalls(eve);
  for (let round = 0; round < 10; round++) {
    const sent = pipelined(client, 20, round * 20 + 1);
    await subscribe({ digest: true, after: round * 20 });
    await sent;
    await expect.poll(() => idsOf(eve).at(-1)).toBe(round * 20 + 20);
    await eve.call("media/room/msglog_unsubscribe", { room_id: "r" });
  }
  expect(idsOf(eve)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  expect(bodies(eve)).toEqual(await provenPage(client));
});

test("[M23] [H7] a stream of server-sent events, with `digest`", async () => {
  const { url, client, send } = await inRoom();
  await send({ n: 1 });
  const stream = await EventStream.open(`${httpOf(url)}/v1/rooms/r/events?after=0&digest=true`);
  await stream
    .take(2)
    .then(([, first]) => expect(JSON.parse(first?.data ?? "").$log.digest).toMatch(/^\w{64}$/));
  await send({ n: 2 });
  const [second] = await stream.take(1);
  expect([second?.data]).toEqual(await provenPage(client, { after: 1 }));
  await stream.close();
});
