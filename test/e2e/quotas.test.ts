import { expect, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { inRoom, roomCalls } from "../support/in-room.ts";
import { RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

const ok = { result: "ok" };
const main = (settings: Record<string, unknown>) => ({ services: { main: settings } });
const overQuota = (limit: number) => ({ code: 304109, error: "Storage quota exceeded", limit });

test("[Q7] a service has at most room.max_rooms; one that ends makes room", async () => {
  const { url } = await serverForTest({ store: { kind: "memory" }, ...main({ room: { max_rooms: 2 } }) });
  const client = await RawClient.login(url);
  const create = (room_id: string) => client.call("media/room/create", { class: "chat", room_id });
  expect(await create("a")).toMatchObject(ok);
  expect(await create("a")).toMatchObject({ data: { code: 304002 } });
  expect(await create("b")).toMatchObject(ok);
  expect((await create("c")).data).toEqual({ code: 100050, error: "Too many requests", limit: 2 });
  await client.call("media/room/destroy", { room_id: "a" });
  expect(await create("c")).toMatchObject(ok);
});

test("[Q7] rooms of an earlier run count", async () => {
  const data = dataDirectory();
  const config = { data, ...main({ room: { max_rooms: 2 } }) };
  const before = await inRoom(config);
  await before.server.close();
  const { url } = await serverForTest(config);
  const client = await RawClient.login(url);
  expect(await client.call("media/room/create", { class: "chat" })).toMatchObject(ok);
  expect((await client.call("media/room/create", { class: "chat" })).data).toMatchObject({ code: 100050 });
});

test("[Q8] over msglog.max_bytes_total a send is 304109 and stores nothing; reading goes on", async () => {
  const { client, send, sendMany, get, info } = await inRoom(main({ msglog: { max_bytes_total: 21 } }));
  await sendMany(3);
  expect((await send({ n: 4 })).data).toEqual(overQuota(21));
  expect((await get()).data).toHaveLength(3);
  expect(await info()).toMatchObject({ last_id: 3, bytes: 21 });
  await client.call("media/room/create", { class: "chat", room_id: "other" });
  expect((await client.call("media/room/msglog_send", { room_id: "other", msg: {} })).data).toEqual(
    overQuota(21),
  );
});

test("[Q8] what is dropped makes room, for as many bytes as were stored", async () => {
  const { send, sendMany, purge } = await inRoom(main({ msglog: { max_bytes_total: 21 } }));
  expect(await send({ n: 1, msg_id: 5, user_id: "x" })).toMatchObject(ok);
  await sendMany(2);
  expect((await send({ n: 4 })).data).toEqual(overQuota(21));
  await purge({ before: 3 });
  await sendMany(2);
  expect((await send({ n: 4 })).data).toEqual(overQuota(21));
});

test("[Q8, M9] a refused send and a repeated one take nothing", async () => {
  const { client, send } = await inRoom(main({ msglog: { max_bytes_total: 21 } }));
  await client.call("media/room/msglog_send", { room_id: "nowhere", msg: { n: 1 } });
  for (let i = 0; i < 3; i++) await send({ n: 1 }, { client_msg_id: "once" });
  for (let i = 0; i < 2; i++) expect(await send({ n: 2 })).toMatchObject(ok);
  expect((await send({ n: 3 })).data).toEqual(overQuota(21));
});

test("[Q8] logs of an earlier run count, also those of rooms that have ended; a reload sets another quota", async () => {
  const data = dataDirectory();
  const before = await inRoom({ data });
  await before.sendMany(2);
  await before.reborn();
  await before.sendMany(1);
  await before.server.close();
  const config = (max_bytes_total: number) => ({ data, port: 0, ...main({ msglog: { max_bytes_total } }) });
  let next = config(28);
  const server = await serverForTest(next, { loadConfig: () => next });
  const { sendMany, send } = roomCalls(await RawClient.login(server.url));
  await sendMany(1);
  expect((await send({ n: 2 })).data).toEqual(overQuota(28));
  next = config(35);
  await server.reload();
  expect(await send({ n: 2 })).toMatchObject(ok);
});

test("[Q9] while the disk has less than store.min_free_bytes a send is 304109; reading goes on", async () => {
  const data = dataDirectory();
  const before = await inRoom({ data });
  await before.sendMany(1);
  await before.server.close();
  const { url } = await serverForTest({ data, store: { min_free_bytes: 1e15 } });
  const { send, get } = roomCalls(await RawClient.login(url));
  expect((await send({ n: 2 })).data).toEqual({
    code: 304109,
    error: "Storage quota exceeded",
    retry_after_ms: 1000,
  });
  expect((await get()).data).toHaveLength(1);
});

test("[Q10] a session writes at most core.log_rate lines a second to the log, in open mode too", async () => {
  const clock = new ManualClock();
  const { url } = await serverForTest({ store: { kind: "memory" } }, { clock });
  const [client, other] = [await RawClient.login(url), await RawClient.login(url)];
  const log = (by = client) => by.call("core/session/log", { source: "test", message: "m" });
  for (let i = 0; i < 10; i++) expect(await log()).toMatchObject(ok);
  expect((await log()).data).toEqual({
    code: 100050,
    error: "Too many requests",
    limit: 10,
    retry_after_ms: 100,
  });
  expect(await log(other)).toMatchObject(ok);
  clock.advance(100);
  expect(await log()).toMatchObject(ok);
});
