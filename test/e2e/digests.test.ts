import { createHash } from "node:crypto";
import type { CallError, Connection } from "@roomlog/client";
import type { StoredMessage } from "@roomlog/protocol";
import { expect, test } from "vitest";
import { clientFor } from "../support/client.ts";
import { serverForTest } from "../support/server.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const room = { room_id: "r" } as const;

async function withRoom() {
  const server = await serverForTest({});
  const client = await clientFor(server.url, { user: "ann", session_id: "s" });
  await client.call("media/room/create", { ...room, class: "chat" });
  const call = client.call.bind(client) as Connection["call"];
  return { call, send: (msg: object) => call("media/room/msglog_send", { ...room, msg: msg as never }) };
}

const codeOf = (refused: Promise<unknown>) =>
  refused.then(
    () => undefined,
    (error: unknown) => (error as CallError).code,
  );

test("[M23] a page says of each entry what its digest is made of", async () => {
  const { call, send } = await withRoom();
  await send({ a: 1 });
  await send({ a: 2 });
  await call("media/room/msglog_edit", { ...room, msg_id: 2, msg: { a: 3 } });
  const [first, second, third] = (await call("media/room/msglog_get", { ...room, digest: true })) as [
    StoredMessage,
    StoredMessage,
    StoredMessage,
  ];
  const { epoch } = await call("media/room/msglog_info", room);
  const start = sha256(JSON.stringify({ epoch, room_id: "r", roomlog: 1 }));
  const time = first.timestmap;
  const commitment = sha256(`${first.$log?.salt}{"a":1}`);
  const entry = { commitment, msg_id: 1, previous: start, session_id: "s", timestmap: time, user_id: "ann" };
  expect(first.$log).toEqual({
    digest: sha256(JSON.stringify(entry)),
    salt: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(second.$log).toMatchObject({
    commitment: expect.stringMatching(/^[0-9a-f]{64}$/),
    edited: { msg_id: 3 },
  });
  expect(second.$log).not.toHaveProperty("salt");
  expect(third.$log).toMatchObject({ op: "edit", ref: 2, salt: expect.anything() });
  expect(await call("media/room/msglog_digest", room)).toEqual({
    epoch,
    msg_id: 3,
    digest: third.$log?.digest,
  });
  const [plain] = await call("media/room/msglog_get", { ...room, limit: 1 });
  expect(plain).not.toHaveProperty("$log");
});

test("[M23] msglog_digest names what is not kept, and knows ended lives", async () => {
  const { call, send } = await withRoom();
  for (let n = 0; n < 4; n++) await send({ n });
  const at = (id: number) => call("media/room/msglog_digest", { ...room, at: id });
  const { epoch } = await at(0);
  expect(await at(0)).toEqual({
    epoch,
    msg_id: 0,
    digest: sha256(JSON.stringify({ epoch, room_id: "r", roomlog: 1 })),
  });
  const [second, newest] = [await at(2), await call("media/room/msglog_digest", room)];
  await call("media/room/msglog_purge", { ...room, before: 3 });
  expect(await at(2)).toEqual(second);
  expect([await codeOf(at(1)), await codeOf(at(5))]).toEqual([304110, 304110]);
  await call("media/room/destroy", room);
  expect(await codeOf(at(2))).toBe(304001);
  expect(await call("media/room/msglog_digest", { ...room, epoch: "last" })).toEqual(newest);
  expect(await codeOf(call("media/room/msglog_digest", { ...room, epoch: "never" }))).toBe(304106);
});
