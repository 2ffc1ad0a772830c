import { expect, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { idsOf, inRoom, roomCalls } from "../support/in-room.ts";
import { RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

const DELETE = { services: { main: { msglog: { on_destroy: "delete" } } } };

test("[M12] msglog_info says where the log stands", async () => {
  const clock = new ManualClock();
  const { send, info } = await inRoom({}, { clock });
  const empty = await info();
  expect(empty).toEqual({ epoch: expect.any(String), first_id: 1, last_id: 0, count: 0, bytes: 0 });
  await send({ a: "é" });
  clock.wallNow += 5;
  await send({});
  const time = clock.wallNow;
  expect(await info()).toEqual({
    ...empty,
    last_id: 2,
    count: 2,
    bytes: '{"a":"é"}{}'.length + 1,
    first_time: time - 5,
    last_time: time,
  });
});

test("[M12] an ended life stays readable by its epoch, and as the last one", async () => {
  const clock = new ManualClock();
  const { client, send, get, info, epochs, reborn } = await inRoom({}, { clock });
  await send({ life: 1 });
  const first = await info();
  await reborn();
  await send({ life: 2 });
  await send({ life: 2 });
  const second = await info();
  expect(second.epoch).not.toBe(first.epoch);
  await client.call("media/room/destroy", { room_id: "r" });

  expect((await get()).data).toMatchObject({ code: 304001 });
  expect((await get({ epoch: first.epoch })).data).toMatchObject([{ life: 1, msg_id: 1 }]);
  expect((await get({ epoch: "last" })).data).toMatchObject([{ life: 2 }, { life: 2 }]);
  expect(idsOf((await get({ epoch: second.epoch, order: "desc", limit: 1 })).data)).toEqual([2]);
  expect(await info({ epoch: "last" })).toEqual(second);
  const times = { created_at: clock.wallNow, destroyed_at: clock.wallNow };
  expect(await epochs()).toEqual([
    { ...second, ...times },
    { ...first, ...times },
  ]);
  expect(await epochs({ limit: 1 })).toMatchObject([{ epoch: second.epoch }]);
  expect(await epochs({ before: second.epoch })).toMatchObject([{ epoch: first.epoch }]);
});

test("[M12] nothing of an old life appears in the new one", async () => {
  const { send, get, info, reborn } = await inRoom();
  await send({ life: 1 }, { client_msg_id: "c1" });
  const { epoch } = await info();
  await reborn();
  expect((await get()).data).toEqual([]);
  expect(await info()).toMatchObject({ first_id: 1, last_id: 0, count: 0 });
  expect((await get({ epoch })).data).toHaveLength(1);
  expect((await send({ life: 2 }, { client_msg_id: "c1" })).data).toEqual({ msg_id: 1 });
});

test("[M12] an unknown epoch is 304106, a room that never was 304001", async () => {
  const { client, get, info, epochs, purge } = await inRoom();
  for (const epoch of ["none", "last"]) {
    expect((await get({ epoch })).data.code).toBe(304106);
    expect((await info({ epoch })).code).toBe(304106);
    expect((await purge({ epoch, before: 1 })).data.code).toBe(304106);
  }
  expect((await epochs({ before: "none" })).code).toBe(304106);
  expect(await epochs()).toEqual([]);
  for (const cmd of ["get", "info", "epochs", "purge"]) {
    const { data } = await client.call(`media/room/msglog_${cmd}`, { room_id: "none" });
    expect(data.code).toBe(304001);
  }
  const last = { room_id: "none", epoch: "last" };
  expect((await client.call("media/room/msglog_get", last)).data.code).toBe(304001);
});

test("[M12] with on_destroy delete the log is gone with the room", async () => {
  const { client, send, get, info, epochs, reborn } = await inRoom(DELETE);
  await send({});
  const { epoch } = await info();
  await reborn();
  expect((await get({ epoch })).data.code).toBe(304106);
  expect((await get({ epoch: "last" })).data.code).toBe(304106);
  expect(await epochs()).toEqual([]);
  await client.call("media/room/destroy", { room_id: "r" });
  expect((await get()).data.code).toBe(304001);
});

test("[M12, M13] with on_destroy delete, who lags gets destroyed next", async () => {
  const { url, client, sendMany } = await inRoom({ ...DELETE, limits: { window: 2 } });
  const bob = await RawClient.login(url, "bob");
  await roomCalls(bob).subscribe();
  await sendMany(5);
  await client.call("media/room/destroy", { room_id: "r" });
  await bob.settled();
  bob.answering();
  const seen = () =>
    bob.texts
      .map((text) => JSON.parse(text))
      .filter(({ cmd }) => cmd === "event")
      .map(({ data }) => data.body.msg_id ?? data.type);
  await expect.poll(seen).toEqual([1, 2, "destroyed"]);
});

test("[M12, R7] lives and their order survive a restart", async () => {
  const data = dataDirectory();
  const first = await inRoom({ data });
  await first.send({ life: 1 });
  await first.reborn();
  await first.send({ life: 2 });
  const { epoch } = await first.info();
  await first.server.close();
  const { url } = await serverForTest({ data });
  const { get, info, epochs } = roomCalls(await RawClient.login(url));
  expect((await get()).data).toMatchObject([{ life: 2 }]);
  expect((await info()).epoch).toBe(epoch);
  expect((await get({ epoch: "last" })).data).toMatchObject([{ life: 1 }]);
  expect(await epochs()).toHaveLength(1);
});

test("[R6, M12] the timeout of an ended life does not end the next one", async () => {
  const clock = new ManualClock();
  const { client, info, reborn } = await inRoom({ limits: { idle_seconds: 86_400 } }, { clock });
  await client.call("media/room/destroy", { room_id: "r" });
  await client.call("media/room/create", { class: "chat", room_id: "r", timeout: 5 });
  for (let s = 0; s < 4; s++) clock.advance(1000);
  // The timeout falls due while the room ends and begins again.
  const born = reborn();
  clock.advance(1000);
  await born;
  await client.settled();
  expect(await info()).toMatchObject({ last_id: 0 });
});
