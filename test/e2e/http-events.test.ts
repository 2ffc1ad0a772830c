import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import type { EventStream, ServerEvent } from "../support/event-stream.ts";
import { basic, httpServer } from "../support/http.ts";
import { PASSWORD } from "../support/people.ts";
import { RawClient } from "../support/raw-client.ts";

const memory = { store: { kind: "memory" } } as const;

async function inHttpRoom(config = {}, parts = {}) {
  const http = await httpServer({ ...memory, ...config }, parts);
  const client = (await RawClient.login(http.server.url, "ann", "s1")).answering();
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  const send = (msg: object) => client.call("media/room/msglog_send", { room_id: "r", msg });
  const sendMany = async (count: number) => {
    for (let n = 1; n <= count; n++) await send({ n });
  };
  /** A stream that has begun; its first event apart. */
  const listen = async (query = "", headers = {}) => {
    const stream = await http.events(`/v1/rooms/r/events${query}`, headers);
    expect(stream.status).toBe(200);
    return { stream, state: JSON.parse((await stream.next())?.data as string) };
  };
  return { ...http, client, send, sendMany, listen };
}

const idsOf = (events: readonly ServerEvent[]) => events.map(({ id }) => Number(id));
const upTo = (count: number, from = 1) => Array.from({ length: count - from + 1 }, (_, i) => i + from);

test("[H7] messages come from now on, as they stand in the log, with msg_id as id", async () => {
  const { listen, send, get } = await inHttpRoom();
  await send({ n: 1 });
  const { stream, state } = await listen();
  expect(state).toMatchObject({ first_id: 1, last_id: 1, recovered: true });
  expect(stream.headers.get("content-type")).toBe("text/event-stream");
  await send({ n: 2 });
  const [event] = await stream.take(1);
  expect(event).toMatchObject({ id: "2", event: undefined });
  expect(`[${event?.data}]`).toBe((await get("/v1/rooms/r/messages?after=1")).text);
});

test.for([
  ["the header", "", { "last-event-id": "3" }],
  ["the parameter", "?Last-Event-ID=3", {}],
  ["after", "?after=3", {}],
  ["the header, which wins over what the address says", "?after=0", { "last-event-id": "3" }],
] as const)("[H7] %s Last-Event-ID resumes exactly", async ([, query, headers]) => {
  const { listen, sendMany, send } = await inHttpRoom();
  await sendMany(6);
  const { stream } = await listen(query, headers);
  await send({ n: 7 });
  expect(idsOf(await stream.take(4))).toEqual([4, 5, 6, 7]);
});

test("[H7] white space of a message stays within its event", async () => {
  const { listen, client } = await inHttpRoom();
  const { stream } = await listen("?after=0");
  client.send(
    '{"class":"media","subclass":"room","cmd":"msglog_send","data":{"room_id":"r","msg":{\r\n"a"\r:\n\n1,"b":"id: 9"}},"tid":1}',
  );
  const [event] = await stream.take(1);
  expect(event?.id).toBe("1");
  expect(JSON.parse(event?.data as string)).toMatchObject({ a: 1, b: "id: 9", msg_id: 1 });
});

test("[H7] the room's other events come by name, without an id", async () => {
  const { listen, client, send } = await inHttpRoom();
  const { stream } = await listen();
  await client.call("media/room/join", { room_id: "r" });
  await client.call("media/room/send_info", { room_id: "r", info: "typing" });
  await send({ n: 1 });
  const events = await stream.take(3);
  expect(events.map(({ event, id }) => [event, id])).toEqual([
    ["started_member", undefined],
    ["info", undefined],
    [undefined, "1"],
  ]);
  expect(JSON.parse(events[1]?.data as string)).toMatchObject({ info: "typing", user_id: "ann" });
});

test("[H7] without the right to subscribe there are messages alone, without msglog_get 403", async () => {
  const person = (name: string, rights: string[]) => ({ name, password: PASSWORD, rights });
  const { command, events, post } = await httpServer({
    ...memory,
    users: [
      person("ann", ["room_create", "msglog_send", "room_info", "room_read"]),
      person("bob", ["msglog_get", "msglog_history"]),
    ],
  });
  await command("media/room/create", { class: "chat", room_id: "r" }, basic("ann"));
  expect((await events("/v1/rooms/r/events", basic("eve"))).status).toBe(401);
  const stream = await events("/v1/rooms/r/events", basic("bob"));
  await stream.next();
  await command("media/room/send_info", { room_id: "r", info: "typing" }, basic("ann"));
  await post("/v1/rooms/r/messages", { n: 1 }, basic("ann"));
  expect((await stream.take(1))[0]).toMatchObject({ id: "1" });
  await command("media/room/create", { class: "chat", room_id: "other" }, basic("ann"));
});

test("[H7] a room that is not there is 404, an id that is not there yet 409, HEAD is 405", async () => {
  const { get } = await inHttpRoom();
  expect((await get("/v1/rooms/none/events")).status).toBe(404);
  expect((await get("/v1/rooms/r/events?after=5")).status).toBe(409);
  expect((await get("/v1/rooms/r/events?after=x")).status).toBe(400);
  expect((await get("/v1/rooms/r/events", {}, "HEAD")).status).toBe(405);
});

test("[H7] what is not kept any more is told: recovered is false, the rest follows", async () => {
  const { listen, client, sendMany } = await inHttpRoom();
  await sendMany(9);
  await client.call("media/room/msglog_purge", { room_id: "r", before: 6 });
  const { stream, state } = await listen("?after=2");
  expect(state).toMatchObject({ recovered: false, first_id: 6 });
  expect(idsOf(await stream.take(4))).toEqual([6, 7, 8, 9]);
});

test("[H7] another epoch is told: recovered is false, the living room follows", async () => {
  const { listen, sendMany } = await inHttpRoom();
  await sendMany(3);
  const { stream, state } = await listen("?after=2&epoch=another");
  expect(state).toMatchObject({ recovered: false, first_id: 1 });
  expect(idsOf(await stream.take(3))).toEqual([1, 2, 3]);
});

test("[H7] after destroyed the next life follows from its start, also for who resumes", async () => {
  const { listen, client, sendMany } = await inHttpRoom();
  await sendMany(4);
  const { stream } = await listen("?after=3");
  expect(idsOf(await stream.take(1))).toEqual([4]);
  await client.call("media/room/destroy", { room_id: "r" });
  const [end] = await stream.take(1);
  expect(end).toMatchObject({ event: "destroyed", id: "0" });
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  await sendMany(2);
  const next = (await stream.take(3)).filter(({ id }) => id !== undefined);
  expect(idsOf(next)).toEqual([1, 2]);
  const resumed = await listen("", { "last-event-id": end?.id as string });
  expect(idsOf(await resumed.stream.take(2))).toEqual([1, 2]);
});

test("[H7] a session that ends says why, with the last event", async () => {
  const { listen, client } = await inHttpRoom();
  const { stream } = await listen();
  const sessions = (await client.call("core/user/get", { user: "http" })).data;
  await client.call("core/session/stop", { session_id: Object.keys(sessions)[0] });
  const [last] = await stream.take(1);
  expect(last?.event).toBe("closed");
  expect(JSON.parse(last?.data as string)).toMatchObject({ code: 4502 });
  expect(await stream.next()).toBeUndefined();
});

test("[H7, R9] who is banned hears that, and then that nothing more comes", async () => {
  const person = (name: string) => ({ name, password: PASSWORD });
  const { command, events } = await httpServer({
    ...memory,
    users: [person("ann"), person("eve"), person("bob")],
  });
  await command("media/room/create", { class: "chat", room_id: "r" }, basic("ann"));
  const [eve, bob] = [
    await events("/v1/rooms/r/events", basic("eve")),
    await events("/v1/rooms/r/events", basic("bob")),
  ];
  await command("media/room/ban", { room_id: "r", user_id: "eve" }, basic("ann"));
  const [, banned, closed] = await eve.take(3);
  expect(banned?.event).toBe("banned");
  expect(JSON.parse(closed?.data as string)).toEqual({ code: 4502, reason: "banned: nothing more comes" });
  expect(await eve.next()).toBeUndefined();
  await command("media/room/msglog_send", { room_id: "r", msg: {} }, basic("ann"));
  expect((await bob.take(3)).map(({ event }) => event)).toEqual(["subscribed", "banned", undefined]);
});

test("[H7, T5] a server that stops ends its streams with closed, 1001", async () => {
  const { listen, server } = await inHttpRoom();
  const { stream } = await listen();
  const closing = server.close();
  const [last] = await stream.take(1);
  expect(JSON.parse(last?.data as string)).toMatchObject({ code: 1001 });
  expect(await stream.next()).toBeUndefined();
  await closing;
});

test("[H7] who goes away ends his session", async () => {
  const { listen, client } = await inHttpRoom();
  const { stream } = await listen("", basic("guest"));
  expect((await client.call("core/user/get", { user: "guest" })).result).toBe("ok");
  await stream.close();
  for (let i = 0; i < 100; i++) {
    const { result } = await client.call("core/user/get", { user: "guest" });
    if (result === "error") return;
    await sleep(10);
  }
  expect.unreachable("the session is still there");
});

test("[H7] a stream where nothing happens has a comment every 15 s", async () => {
  const clock = new ManualClock();
  const { listen, send } = await inHttpRoom({}, { clock });
  const { stream } = await listen();
  const before = stream.bytes;
  clock.advance(15_000);
  clock.advance(15_000);
  await send({});
  const [event] = await stream.take(1);
  expect(stream.bytes - before - Buffer.byteLength(`id: 1\ndata: ${event?.data}\n\n`)).toBe(
    ":\n\n".length * 2,
  );
});

test("[H7, M11] a reader that stops and goes on gets everything, and holds up nobody", async () => {
  const { listen, send, sendMany } = await inHttpRoom({ limits: { session_queue_bytes: 65_536 } });
  const { stream } = await listen();
  const text = "x".repeat(50_000);
  const count = 400;
  const before = process.memoryUsage().rss;
  for (let n = 1; n <= count; n++) await send({ text });
  expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  await sendMany(1);
  expect(idsOf(await readAll(stream, count + 1))).toEqual(upTo(count + 1));
});

test("[H7, M11] a reader that takes nothing for limits.stalled_seconds is closed", async () => {
  const clock = new ManualClock();
  const { listen, send, client } = await inHttpRoom({ limits: { session_queue_bytes: 65_536 } }, { clock });
  await listen("", basic("slow"));
  for (let n = 1; n <= 300; n++) await send({ text: "x".repeat(50_000) });
  for (let s = 0; s < 40; s++) clock.advance(1000);
  expect((await client.call("core/user/get", { user: "slow" })).data).toMatchObject({ code: 100033 });
});

test("[H7] who does not take even the last event is cut off", async () => {
  const clock = new ManualClock();
  const { base, send, client } = await inHttpRoom({ limits: { session_queue_bytes: 65_536 } }, { clock });
  const reader = connect(Number(new URL(base).port), "127.0.0.1").pause();
  onTestFinished(() => void reader.destroy());
  const { authorization } = basic("slow");
  reader.write(
    `GET /v1/rooms/r/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n\r\n`,
  );
  const session = async () => (await client.call("core/user/get", { user: "slow" })).result;
  await expect.poll(session).toBe("ok");
  for (let n = 1; n <= 300; n++) await send({ text: "x".repeat(50_000) });
  for (let s = 0; s < 40; s++) clock.advance(1000);
  expect(await session()).toBe("error");
  const open = sockets();
  await expect.poll(sockets, { timeout: 5000 }).toBe(open - 1);
});

/** Connections of this process, on either side. */
const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;

async function readAll(stream: EventStream, count: number): Promise<ServerEvent[]> {
  return stream.take(count);
}
