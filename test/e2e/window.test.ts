import { expect, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { idsOf, inRoom, roomCalls } from "../support/in-room.ts";
import { eventsOf, type Frame, RawClient } from "../support/raw-client.ts";

const FOUR = { limits: { window: 4 } };
const E2 = { class: "media", subclass: "room", obj_id: "r" };
const framesOf = (client: RawClient): Frame[] => client.texts.map((text) => JSON.parse(text));
const events = (client: RawClient) => framesOf(client).filter(({ cmd }) => cmd === "event");
const kinds = (client: RawClient) =>
  eventsOf(events(client)).map(({ type, body }) => body?.msg_id ?? body?.info ?? type);

/** Somebody who listens to the room and answers nothing, and what answers his events. */
async function listener(url: string, pattern: object = E2) {
  const bob = await RawClient.login(url, "bob", "b1");
  await bob.call("core/event/subscribe", pattern);
  let answered = 0;
  const answer = (count: number) => {
    for (const { tid } of events(bob).slice(answered, answered + count)) bob.send({ result: "ok", tid });
    answered += count;
    return bob.settled();
  };
  return { bob, answer };
}

test("[M11] at most limits.window events are unanswered; an answer lets the next one come", async () => {
  const { url, sendMany } = await inRoom(FOUR);
  const { bob, answer } = await listener(url);
  await sendMany(10);
  await bob.settled();
  expect(kinds(bob)).toEqual([1, 2, 3, 4]);
  await answer(1);
  await expect.poll(() => kinds(bob)).toEqual([1, 2, 3, 4, 5]);
  await answer(3);
  await expect.poll(() => kinds(bob)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  await answer(4);
  await expect.poll(() => kinds(bob)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("[M11, F8] an event with an ack still counts", async () => {
  const { url, sendMany } = await inRoom(FOUR);
  const { bob, answer } = await listener(url);
  await sendMany(6);
  await bob.settled();
  for (const { tid } of events(bob)) bob.send({ ack: tid });
  await bob.settled();
  expect(kinds(bob)).toEqual([1, 2, 3, 4]);
  await answer(4);
  await expect.poll(() => kinds(bob)).toEqual([1, 2, 3, 4, 5, 6]);
});

test("[M11] what is not in the log waits behind the message it followed", async () => {
  const { url, client, send, sendMany } = await inRoom(FOUR);
  const { bob, answer } = await listener(url);
  await sendMany(5);
  await client.call("media/room/set_status", { room_id: "r", class: "c", data: {} });
  await send({});
  await client.call("core/user/send_event", { user: "bob", type: "note" });
  await client.call("media/room/destroy", { room_id: "r" });
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  await send({});
  await bob.settled();
  expect(kinds(bob)).toEqual([1, 2, 3, 4]);
  await answer(4);
  await expect.poll(() => kinds(bob)).toHaveLength(8);
  await answer(4);
  await expect.poll(() => kinds(bob)).toHaveLength(11);
  const ofRoom = kinds(bob).filter((kind) => kind !== "note");
  expect(ofRoom).toEqual([1, 2, 3, 4, 5, "status", 6, "destroyed", "created", 1]);
});

test("[M11] info is dropped for who lags, and for nobody else", async () => {
  const { url, client, sendMany, send } = await inRoom(FOUR);
  const { bob, answer } = await listener(url);
  await client.call("core/event/subscribe", E2);
  client.answering();
  const info = (text: string) => client.call("media/room/send_info", { room_id: "r", info: text });
  await info("seen");
  await sendMany(4);
  await info("not seen");
  await send({});
  await answer(4);
  await expect.poll(() => kinds(bob)).toEqual(["seen", 1, 2, 3, 4, 5]);
  await answer(2);
  await info("seen again");
  await expect.poll(() => kinds(bob)).toEqual(["seen", 1, 2, 3, 4, 5, "seen again"]);
  expect(kinds(client)).toEqual(["seen", 1, 2, 3, 4, "not seen", 5, "seen again"]);
});

test("[M11] events that cannot be read again are bounded: 4002", async () => {
  const { url, client } = await inRoom({ limits: { window: 4, session_queue_bytes: 10_000 } });
  const { bob } = await listener(url, { class: "media" });
  for (let n = 0; n < 30; n++) {
    await client.call("media/room/set_status", { room_id: "r", class: "c", data: { text: "x".repeat(500) } });
  }
  expect(await bob.closed).toMatchObject({
    code: 4002,
    reason: expect.stringContaining("limits.session_queue_bytes"),
  });
});

test("[M11] messages that wait cost nothing: they are read again", async () => {
  const { url, send } = await inRoom({ limits: { window: 4, session_queue_bytes: 10_000 } });
  const { bob } = await listener(url);
  for (let n = 1; n <= 50; n++) await send({ text: "x".repeat(1000) });
  bob.answering();
  await expect.poll(() => kinds(bob)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
});

test("[M11] rooms take turns, and each keeps its order", async () => {
  const { url, client, sendMany } = await inRoom(FOUR);
  const { bob } = await listener(url, { class: "media" });
  for (const room_id of ["q", "s"]) await client.call("media/room/create", { class: "chat", room_id });
  await sendMany(20);
  for (let n = 1; n <= 20; n++) {
    for (const room_id of ["q", "s"]) await client.call("media/room/msglog_send", { room_id, msg: { n } });
  }
  bob.answering();
  await expect.poll(() => idsOf(events(bob)).length).toBe(60);
  for (const room of ["q", "r", "s"]) {
    const ids = idsOf(events(bob).filter(({ data }) => data.obj_id === room));
    expect(ids).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  }
});

test("[M11, M10] while a cursor catches up, the room's messages come only through it", async () => {
  const { url, send, sendMany } = await inRoom(FOUR);
  await sendMany(10);
  const { bob } = await listener(url);
  const { data } = await roomCalls(bob).subscribe({ after: 0 });
  expect(data).toMatchObject({ last_id: 10, recovered: true });
  await send({ n: 11 });
  // They are read from the disk.
  await expect.poll(() => kinds(bob)).toEqual([1, 2, 3, 4]);
  await bob.settled();
  expect(kinds(bob)).toEqual([1, 2, 3, 4]);
  bob.answering();
  await expect.poll(() => kinds(bob)).toEqual(Array.from({ length: 11 }, (_, n) => n + 1));
});

test("[M11, E4] what waits of a room is forgotten with the last subscription to it", async () => {
  const { url, sendMany, send } = await inRoom(FOUR);
  const { bob } = await listener(url);
  await sendMany(8);
  await bob.call("core/event/unsubscribe", E2);
  await bob.call("core/event/subscribe", E2);
  await send({});
  bob.answering();
  await expect.poll(() => kinds(bob)).toEqual([1, 2, 3, 4, 9]);
});

test("[M11, F8] who never answers is closed with 4001, and can go on where he was", async () => {
  const clock = new ManualClock();
  const { url, sendMany } = await inRoom(FOUR, { clock });
  const { bob } = await listener(url);
  await sendMany(10);
  await bob.settled();
  for (let s = 0; s < 6; s++) clock.advance(1000);
  expect(await bob.closed).toMatchObject({ code: 4001 });
  const again = (await RawClient.login(url, "bob", "b1")).answering();
  const { recovered } = (await roomCalls(again).subscribe({ after: 4 })).data;
  expect(recovered).toBe(true);
  await expect.poll(() => kinds(again)).toEqual([5, 6, 7, 8, 9, 10]);
});

test("[M11, R4] a member that lags when the room ends still gets its messages, then destroyed", async () => {
  const { url, client, sendMany } = await inRoom(FOUR);
  const bob = await RawClient.login(url, "bob", "b1");
  await bob.call("media/room/join", { room_id: "r" });
  await sendMany(6);
  await client.call("media/room/destroy", { room_id: "r" });
  await bob.settled();
  await bob.call("core/event/unsubscribe", { class: "media" });
  bob.answering();
  await expect.poll(() => kinds(bob)).toEqual(["started_member", 1, 2, 3, 4, 5, 6, "destroyed"]);
});

test("[F6, M11] requests go on when the socket has taken what waited, however low the limit is", async () => {
  const { client, sendMany } = await inRoom({ limits: { session_queue_bytes: 1024 } });
  await sendMany(30);
  for (const tid of [1, 2, 3, 4]) {
    client.send({ class: "media", subclass: "room", cmd: "msglog_get", data: { room_id: "r" }, tid });
  }
  for (const tid of [1, 2, 3, 4]) expect((await client.next()).tid).toBe(tid);
});
