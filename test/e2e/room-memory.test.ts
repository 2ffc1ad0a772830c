import { expect, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";

const memory = { store: { kind: "memory" } } as const;
/** An object of `bytes` of text, which counts 256 more. */
const long = (bytes: number) => ({ text: "é".repeat((bytes - 11) / 2) });

/** A service with 4096 bytes for status and meta, the rooms "a" and "b", and a session in it. */
async function stage() {
  const clock = new ManualClock();
  const config = {
    ...memory,
    limits: { idle_seconds: 86_400 },
    services: { main: { room: { memory_bytes: 4096, member_grace_seconds: 10 } } },
  };
  const server = await serverForTest(config, { clock, loadConfig: () => config });
  const client = (await RawClient.login(server.url, "ann", "a1")).answering();
  for (const room_id of ["a", "b"]) await client.call("media/room/create", { class: "chat", room_id });
  const status = (room_id: string, cls: string, bytes: number) =>
    client.call("media/room/set_status", { room_id, class: cls, data: long(bytes) });
  const join = (room_id: string, bytes: number) =>
    client.call("media/room/join", { room_id, meta: long(bytes) });
  return { server, config, client, clock, status, join };
}

const OK = { result: "ok" };
const over = (field: string) => ({
  data: { code: 100050, error: "Too many requests", field, limit: 4096 },
});

test("[R5] status and meta of all rooms together have room.memory_bytes", async () => {
  const { client, status, join } = await stage();
  expect(await status("a", "one", 1001)).toMatchObject(OK);
  expect(await join("a", 1001)).toMatchObject(OK);
  expect(await status("b", "one", 1001)).toMatchObject(OK);
  expect(await status("b", "two", 73)).toMatchObject(over("data"));
  expect(await join("b", 73)).toMatchObject(over("meta"));
  expect((await client.call("media/room/get_info", { room_id: "b" })).data).toMatchObject({
    members: {},
    status: { one: long(1001) },
  });
  expect(await status("b", "two", 69)).toMatchObject(OK);
  // In the place of another, and without meta.
  expect(await status("b", "one", 1001)).toMatchObject(OK);
  expect(await client.call("media/room/join", { room_id: "b" })).toMatchObject(OK);
});

test("[R5] what has ended is given back: statuses, meta, members, rooms", async () => {
  const { server, client, clock, status, join } = await stage();
  for (let i = 0; i < 20; i++) {
    expect(await status("a", "one", 1501)).toMatchObject(OK);
    expect(await join("a", 501)).toMatchObject(OK);
    expect(await join("a", 1501)).toMatchObject(OK);
    if (i % 2 === 0) await client.call("media/room/leave", { room_id: "a" });
    await client.call("media/room/destroy", { room_id: "a" });
    await client.call("media/room/create", { class: "chat", room_id: "a" });
    const bob = await RawClient.login(server.url, "bob", "b1");
    await bob.call("media/room/join", { room_id: "b", meta: long(2001) });
    await bob.close();
    await client.settled();
    expect(await status("a", "one", 2001)).toMatchObject(over("data"));
    for (let seconds = 0; seconds < 12; seconds++) clock.advance(1000);
  }
  expect(await status("a", "one", 3837)).toMatchObject(OK);
});

test("[R5, S4] room.memory_bytes changes with a reload; what is smaller than before always fits", async () => {
  const { server, config, status } = await stage();
  expect(await status("a", "one", 3001)).toMatchObject(OK);
  config.services.main.room.memory_bytes = 2048;
  await server.reload();
  expect((await status("a", "one", 3003)).data).toMatchObject({ code: 100050, limit: 2048 });
  expect(await status("a", "one", 2999)).toMatchObject(OK);
  config.services.main.room.memory_bytes = 8192;
  await server.reload();
  expect(await status("a", "two", 4001)).toMatchObject(OK);
});

test("[R4, E2] who joins takes one of limits.subscriptions", async () => {
  const { url } = await serverForTest({ ...memory, limits: { subscriptions: 4 } });
  const client = (await RawClient.login(url)).answering();
  const join = (room_id: string) => client.call("media/room/join", { room_id });
  for (const room_id of ["a", "b", "c"]) await client.call("media/room/create", { class: "chat", room_id });
  expect(await join("a")).toMatchObject(OK);
  expect(await join("b")).toMatchObject(OK);
  expect((await join("c")).data).toEqual({ code: 100050, error: "Too many requests", limit: 4 });
  expect(await join("a")).toMatchObject(OK);
  await client.call("media/room/leave", { room_id: "a" });
  expect(await join("c")).toMatchObject(OK);
});

test("[R4] a session keeps all its rooms when it comes back in time, and leaves all of them when it does not", async () => {
  const { server, clock, client } = await stage();
  const bob = await RawClient.login(server.url, "bob", "b1");
  for (const room_id of ["a", "b"]) await bob.call("media/room/join", { room_id });
  const rooms = async () => {
    const infos = [];
    for (const room_id of ["a", "b"]) infos.push(await client.call("media/room/get_info", { room_id }));
    return infos.map(({ data }) => Object.keys(data.members));
  };
  const pass = (seconds: number) => {
    for (let i = 0; i < seconds; i++) clock.advance(1000);
  };
  await bob.close();
  await client.settled();
  pass(9);
  const back = await RawClient.login(server.url, "bob", "b1");
  pass(20);
  expect(await rooms()).toEqual([["b1"], ["b1"]]);
  await back.call("media/room/leave", { room_id: "a" });
  await back.close();
  await client.settled();
  pass(9);
  expect(await rooms()).toEqual([[], ["b1"]]);
  pass(2);
  expect(await rooms()).toEqual([[], []]);
});
