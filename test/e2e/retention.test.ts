import { expect, test } from "vitest";
import { hashPassword } from "../../packages/server/src/auth/users.ts";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { idsOf, inRoom, roomCalls } from "../support/in-room.ts";
import { eventsOf, RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";

/** A room in a service with this retention, a clock that stands still, and a way to let the background work run. */
async function kept(retention: object, more: { window?: number; on_destroy?: string } = {}) {
  const { window = 256, on_destroy = "archive" } = more;
  const clock = new ManualClock();
  const limits = { idle_seconds: 86_400, answer_seconds: 86_400, window };
  const services = { main: { msglog: { retention, on_destroy, sweep_seconds: 1 } } };
  const room = await inRoom({ limits, services }, { clock });
  const marker = { room_id: "marker" };
  /** Lets the background work look at everything: the youngest room comes last. */
  const swept = async () => {
    await room.client.call("media/room/create", { class: "chat", ...marker, retention: { max_messages: 1 } });
    for (const msg of [{}, {}]) await room.client.call("media/room/msglog_send", { ...marker, msg });
    await expect
      .poll(
        async () => {
          clock.advance(1000);
          return (await room.info(marker)).count;
        },
        { timeout: 10_000 },
      )
      .toBe(1);
    await room.client.call("media/room/destroy", marker);
  };
  return { ...room, clock, swept };
}

test.for<[object, object]>([
  [{ max_messages: 3 }, { first_id: 8, last_id: 10, count: 3 }],
  [{ max_bytes: '{"n":10}{"n":9}'.length }, { first_id: 9, last_id: 10, bytes: 15 }],
  [
    { max_age: 3600, max_messages: 5 },
    { first_id: 6, last_id: 10 },
  ],
])("[M13] retention %j drops from the low end", async ([retention, expected]) => {
  const { sendMany, send, get, info, swept } = await kept(retention);
  await sendMany(10);
  await swept();
  const { first_id } = await info();
  expect(await info()).toMatchObject(expected);
  expect(idsOf((await get()).data)).toEqual(Array.from({ length: 11 - first_id }, (_, n) => first_id + n));
  expect((await send({ n: 11 })).data).toEqual({ msg_id: 11 });
});

test("[M13] max_age counts from when a message was stored", async () => {
  const { send, get, clock, swept } = await kept({ max_age: 600 });
  await send({ n: 1 });
  clock.advance(300_000);
  await send({ n: 2 });
  await swept();
  expect(idsOf((await get()).data)).toEqual([1, 2]);
  clock.advance(300_000);
  await swept();
  expect(idsOf((await get()).data)).toEqual([2]);
});

test("[M13] a clock that is set forward deletes nothing", async () => {
  const { send, get, clock, swept } = await kept({ max_age: 60 });
  await send({ n: 1 });
  clock.wallNow += 86_400_000_000;
  await swept();
  expect(idsOf((await get()).data)).toEqual([1]);
});

test("[M13] a room's own retention can only ask for less", async () => {
  const { client, info, swept, sendMany } = await kept({ max_messages: 5 });
  const create = (room_id: string, max_messages: number) =>
    client.call("media/room/create", { class: "chat", room_id, retention: { max_messages } });
  await create("less", 2);
  await create("more", 8);
  await sendMany(10);
  for (const room_id of ["less", "more"]) {
    for (let n = 1; n <= 10; n++) await client.call("media/room/msglog_send", { room_id, msg: { n } });
  }
  await swept();
  expect((await info({ room_id: "less" })).count).toBe(2);
  expect((await info({ room_id: "more" })).count).toBe(5);
  expect((await info()).count).toBe(5);
  const { data } = await client.call("media/room/get_info", { room_id: "less" });
  expect(data).toMatchObject({ retention: { max_messages: 2 } });
});

test("[M13] update sets a room's own retention; a dry run says what would go", async () => {
  const { client, info, swept, sendMany } = await kept({});
  await sendMany(10);
  const update = (retention: object, more: object = {}) =>
    client.call("media/room/update", { room_id: "r", retention, ...more });
  const dry = (await update({ max_messages: 4 }, { dry_run: true })).data;
  expect(dry).toEqual({ first_id: 7, count: 6, bytes: '{"n":1}'.length * 6 });
  await swept();
  expect((await info()).count).toBe(10);
  expect(await update({ max_messages: 4 })).toMatchObject({ result: "ok" });
  expect((await update({}, { dry_run: true })).data).toMatchObject({ first_id: 1, count: 0, bytes: 0 });
  await swept();
  expect(await info()).toMatchObject({ first_id: 7, count: 4 });
  expect(await update({})).toMatchObject({ result: "ok" });
  await sendMany(6);
  await swept();
  expect(await info()).toMatchObject({ first_id: 7, count: 10 });
  expect((await client.call("media/room/get_info", { room_id: "r" })).data).not.toHaveProperty(
    "retention.max_messages",
  );
});

test.for([[{ max_age: 0 }], [{ max_messages: "5" }], [{ max_bytes: 1.5 }], [{ max_day: 1 }], [null], [5]])(
  "[M13] retention %j is a syntax error",
  async ([retention]) => {
    const { client } = await inRoom({ store: { kind: "memory" } });
    const wrong = { code: 100044, field: "retention" };
    const create = { class: "chat", room_id: "x", retention };
    expect((await client.call("media/room/create", create)).data).toMatchObject(wrong);
    expect((await client.call("media/room/update", { room_id: "r", retention })).data).toMatchObject(wrong);
  },
);

test("[M13] msglog_purge drops what stands below an id, at once; a dry run says what would go", async () => {
  const { get, purge, info, sendMany, send } = await inRoom();
  await sendMany(10);
  const six = '{"n":1}'.length * 6;
  expect((await purge({ before: 7, dry_run: true })).data).toEqual({ first_id: 7, count: 6, bytes: six });
  expect((await info()).count).toBe(10);
  expect((await purge({ before: 7 })).data).toEqual({ first_id: 7, count: 6, bytes: six });
  expect(idsOf((await get()).data)).toEqual([7, 8, 9, 10]);
  expect(idsOf((await get({ after: 2, limit: 2 })).data)).toEqual([7, 8]);
  expect((await purge({ before: 3 })).data).toEqual({ first_id: 7, count: 0, bytes: 0 });
  expect((await purge({ before: 1000 })).data).toMatchObject({ first_id: 11, count: 4 });
  expect(await info()).toMatchObject({ first_id: 11, last_id: 10, count: 0, bytes: 0 });
  expect((await send({})).data).toEqual({ msg_id: 11 });
});

test("[M13] msglog_purge without `before` does at once what retention asks for", async () => {
  const { purge, info, sendMany } = await kept({ max_messages: 2 });
  await sendMany(5);
  expect((await purge({ dry_run: true })).data).toMatchObject({ first_id: 4, count: 3 });
  expect((await purge()).data).toMatchObject({ first_id: 4, count: 3 });
  expect((await info()).count).toBe(2);
});

test("[M13, M10] an `after` that is older than what is kept is not recovered", async () => {
  const { client, purge, subscribe, sendMany } = await inRoom();
  await sendMany(10);
  await purge({ before: 6 });
  expect((await subscribe({ after: 4 })).data).toMatchObject({ first_id: 6, last_id: 10, recovered: false });
  await expect.poll(() => idsOf(client.texts.map((text) => JSON.parse(text)))).toEqual([6, 7, 8, 9, 10]);
  expect((await subscribe({ after: 5 })).data).toMatchObject({ recovered: true });
});

test("[M13] a cursor that stood below first_id is told, whatever type it subscribed to", async () => {
  const { url, purge, send, sendMany, info } = await inRoom({ limits: { window: 2 } });
  const type = "msglog_new_msg";
  const bob = await RawClient.login(url, "bob");
  await bob.call("core/event/subscribe", { class: "media", subclass: "room", type, obj_id: "r" });
  const level = (await RawClient.login(url, "level")).answering();
  await level.call("core/event/subscribe", { class: "media", subclass: "room", obj_id: "r" });
  await sendMany(6);
  await purge({ before: 5 });
  await send({});
  bob.answering();
  const seen = (client: RawClient) =>
    eventsOf(client.texts.map((text) => JSON.parse(text))).map(
      ({ type, body }) => body.msg_id ?? { type, body },
    );
  const { epoch } = await info();
  const dropped = { type: "msglog_dropped", body: { epoch, first_id: 5 } };
  await expect.poll(() => seen(bob)).toEqual([1, 2, dropped, 5, 6, 7]);
  expect(seen(level)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test("[M13, M12] ended lives age too, and are forgotten when nothing is left of them", async () => {
  const { sendMany, reborn, epochs, info, clock, swept } = await kept({ max_age: 60 });
  await sendMany(3);
  await reborn();
  await swept();
  expect(await epochs()).toMatchObject([{ count: 3 }]);
  clock.advance(60_000);
  await swept();
  expect(await epochs()).toEqual([]);
  expect(await info()).toMatchObject({ count: 0 });
});

test("[M14] over msglog.send_rate a send is refused, and says when to come again", async () => {
  const clock = new ManualClock();
  const users = [{ name: "ann", password: await hashPassword("secret") }];
  const config = (send_rate: number) => ({ users, services: { main: { msglog: { send_rate } } } });
  for (const [rate, most] of [
    [2, 2],
    [0.5, 1],
  ] as const) {
    const { url } = await serverForTest(config(rate), { clock });
    const ann = async () => {
      const client = await RawClient.connect(url);
      await client.call("core/user/login", { user: "ann", password: "secret" });
      return client;
    };
    const client = await ann();
    await client.call("media/room/create", { class: "chat", room_id: "r" });
    const { send } = roomCalls(client);
    for (let n = 1; n <= most; n++) expect((await send({})).data).toEqual({ msg_id: n });
    const refused = { code: 304102, error: "Too many messages", limit: rate, retry_after_ms: 1000 / rate };
    expect((await send({})).data).toEqual(refused);
    expect((await roomCalls(await ann()).send({})).data).toEqual({ msg_id: most + 1 });
    clock.advance(1000 / rate);
    expect((await send({})).data).toEqual({ msg_id: most + 2 });
    expect((await send({})).data).toMatchObject({ code: 304102 });
  }
});

test("[M14, L7] in open mode there is no rate", async () => {
  const { send } = await inRoom({ services: { main: { msglog: { send_rate: 1 } } } });
  for (let n = 1; n <= 3; n++) expect((await send({})).data).toEqual({ msg_id: n });
});

test("[M13, S4] a reload after the clock was set forward deletes nothing", async () => {
  const clock = new ManualClock();
  const config = (send_rate: number) => ({
    port: 0,
    limits: { idle_seconds: 86_400, ping_seconds: 0 },
    services: { main: { msglog: { send_rate, sweep_seconds: 1, retention: { max_age: 3600 } } } },
  });
  const room = await inRoom(config(1), { clock, loadConfig: () => config(2) });
  await room.send({});
  clock.wallNow += 86_400_000_000;
  await room.server.reload();
  expect((await room.purge()).data).toMatchObject({ count: 0 });
  expect((await room.get()).data).toHaveLength(1);
});
