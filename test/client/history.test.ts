import { expect, test } from "vitest";
import { all, behindWay, clientFor, ids, range, take } from "../support/client.ts";

const create = { class: "chat" } as const;

async function withLog(count: number) {
  const server = await behindWay();
  const client = await clientFor(server.url);
  const room = await client.join("r", { create });
  const send = (n: number) => client.call("media/room/msglog_send", { room_id: "r", msg: { n } });
  await Promise.all(range(1, count).map(send));
  return { server, client, room };
}

test("[M8] history goes through the log in both directions, page by page", async () => {
  const { server, room } = await withLog(450);
  expect(ids(await all(room.history()))).toEqual(range(1, 450).toReversed());
  const upwards = room.history({ order: "asc" });
  const first = await take(upwards, 150);
  server.way.cut();
  expect(ids([...first, ...(await all(upwards))])).toEqual(range(1, 450));
});

test("[M8] it takes bounds, filters and a limit", async () => {
  const { server, room } = await withLog(10);
  const bob = await (await clientFor(server.url, { user: "bob" })).join("r");
  await bob.send({ n: 11 });
  const idsOf = async (options: Parameters<typeof room.history>[0]) => ids(await all(room.history(options)));
  expect(await idsOf({ before: 4 })).toEqual([3, 2, 1]);
  expect(await idsOf({ after: 8 })).toEqual([11, 10, 9]);
  expect(await idsOf({ after: 8, order: "asc" })).toEqual([9, 10, 11]);
  expect(await idsOf({ limit: 3 })).toEqual([11, 10, 9]);
  expect(await idsOf({ after: 2, before: 6, order: "asc", limit: 2 })).toEqual([3, 4]);
  expect(await idsOf({ user_id: "bob" })).toEqual([11]);
  const messages = await all(room.history({ order: "asc" }));
  const to_time = messages[4]?.timestamp as number;
  const earlier = messages.filter(({ timestamp }) => timestamp < to_time);
  expect(await idsOf({ to_time, order: "asc" })).toEqual(ids(earlier));
});

test("[M12] it reads an earlier life by its epoch", async () => {
  const { client, room } = await withLog(3);
  const { epoch } = room;
  await client.call("media/room/destroy", { room_id: "r" });
  const next = await client.join("r", { create });
  expect(ids(await all(next.history()))).toEqual([]);
  expect(ids(await all(room.history({ epoch: undefined })))).toEqual([3, 2, 1]);
  expect(ids(await all(next.history({ epoch })))).toEqual([3, 2, 1]);
  expect(ids(await all(room.history()))).toEqual([3, 2, 1]);
});

test("a signal ends it", async () => {
  const { room } = await withLog(3);
  const history = room.history({ signal: AbortSignal.abort(new Error("enough")) });
  await expect(history.next()).rejects.toThrow("enough");
});

test("[M8, M17] history with where goes on where a filter has examined as much as it may, in both directions", async () => {
  const server = await behindWay({ services: { main: { msglog: { max_scan: 10 } } } });
  const client = await clientFor(server.url);
  const room = await client.join("r", { create });
  for (const n of range(1, 60)) await room.send({ n });
  const where = { "/n": { in: [3, 5, 44, 60] } };
  expect(ids(await all(room.history({ where })))).toEqual([60, 44, 5, 3]);
  expect(ids(await all(room.history({ where, order: "asc" })))).toEqual([3, 5, 44, 60]);
  expect(ids(await all(room.history({ where, order: "asc", limit: 3, after: 3 })))).toEqual([5, 44, 60]);
  expect(ids(await all(room.history({ where: { "/n": 0 } })))).toEqual([]);
  await expect(room.history({ where: { n: 1 } as never }).next()).rejects.toThrow("where.n is no path");
});
