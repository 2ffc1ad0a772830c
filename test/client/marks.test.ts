import { expect, test } from "vitest";
import { behindWay, clientFor } from "../support/client.ts";

const create = { class: "chat" } as const;

test("[M19] a mark gets through, also over a lost connection, and is told to who listens", async () => {
  const server = await behindWay();
  const ann = await clientFor(server.direct);
  const room = await ann.join("r", { create });
  const bob = await clientFor(server.url, { user: "bob" });
  const his = await bob.join("r");
  await room.send({ n: 1 }, { mentions: ["bob"] });
  const marked: unknown[] = [];
  const told = Promise.withResolvers<void>();
  room.on("msglog_marked", (body) => {
    marked.push(body);
    told.resolve();
  });
  server.way.cut();
  await his.mark(1);
  await told.promise;
  expect(marked).toEqual([{ user_id: "bob", msg_id: 1 }]);
  await expect(his.mark(2)).rejects.toMatchObject({ code: 304110 });
});

test("[M20] what is unread: of rooms that are named, or of all with a mark", async () => {
  const { url } = await behindWay();
  const client = await clientFor(url);
  for (const room_id of ["a", "b"]) {
    const room = await client.join(room_id, { create });
    for (let n = 0; n < 3; n++) await client.call("media/room/msglog_send", { room_id, msg: { n } });
    if (room_id === "b") await room.mark(1);
  }
  const many = Array.from({ length: 1500 }, (_, i) => `room ${i}`);
  const short = async (rooms?: string[]) =>
    (await client.unread(rooms)).map(({ room_id, unread, mark }) => [room_id, unread, mark]);
  expect(await short(["a", ...many, "b"])).toEqual([
    ["a", 3, 0],
    ["b", 2, 1],
  ]);
  expect(await short()).toEqual([["b", 2, 1]]);
});
