import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { RawClient } from "../support/raw-client.ts";
import { maskedFrame, RawSocket } from "../support/raw-socket.ts";
import { serverForTest } from "../support/server.ts";

const TEXT = 0x81;
const request = (cmd: string, data: object, tid: number, subclass = "room", cls = "media") =>
  maskedFrame(TEXT, JSON.stringify({ class: cls, subclass, cmd, data, tid }));

/** A connection that is logged in and then reads nothing. */
async function stalled(url: string, ...requests: Buffer[]): Promise<RawSocket> {
  const socket = await RawSocket.connect(url);
  socket.write(request("login", { user: "slow" }, 1, "user", "core"), ...requests);
  await socket.texts(2 + requests.length);
  socket.pause();
  return socket;
}

test("[M11, F8] who does not read is closed with 4001, nobody else waits, and little is held for him", async () => {
  const clock = new ManualClock();
  const { url } = await serverForTest({ limits: { session_queue_bytes: 100_000 } }, { clock });
  const client = await RawClient.login(url);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  const slow = await stalled(url, request("subscribe", { class: "media" }, 2, "event", "core"));
  const msg = { text: "x".repeat(60_000) };
  for (let i = 1; i <= 300; i++) {
    expect(await client.call("media/room/msglog_send", { room_id: "r", msg })).toMatchObject({
      data: { msg_id: i },
    });
  }
  for (let second = 0; second <= 6; second++) clock.advance(1000);
  slow.resume();
  expect(await slow.closed()).toMatchObject({ code: 4001 });
});

test("[M11] a socket that takes nothing of what waits for it is closed with 4002", async () => {
  const clock = new ManualClock();
  const { url } = await serverForTest({}, { clock });
  const client = await RawClient.login(url);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  for (let i = 0; i < 20; i++) {
    await client.call("media/room/msglog_send", { room_id: "r", msg: { text: "x".repeat(60_000) } });
  }
  const slow = await stalled(url);
  slow.write(...Array.from({ length: 30 }, (_, i) => request("msglog_get", { room_id: "r" }, 10 + i)));
  // Until the kernel takes no more of the answers.
  await sleep(1000);
  for (let second = 0; second < 30; second++) clock.advance(1000);
  expect((await client.call("core/user/list")).data).toHaveProperty("slow");
  clock.advance(2000);
  await expect.poll(async () => (await client.call("core/user/list")).data).not.toHaveProperty("slow");
  slow.resume();
  expect(await slow.closed()).toEqual({
    code: 4002,
    reason: "limits.stalled_seconds: the socket took nothing in 30 s",
  });
});

test("[M11] a client that does not read its answers gets all of them when it does, and costs bounded memory", async () => {
  const { url } = await serverForTest({ limits: { session_queue_bytes: 100_000 } });
  const client = await RawClient.login(url);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  for (let i = 0; i < 20; i++) {
    await client.call("media/room/msglog_send", { room_id: "r", msg: { text: "x".repeat(60_000) } });
  }
  const slow = await stalled(url);
  const before = process.memoryUsage().rss;
  slow.write(...Array.from({ length: 100 }, (_, i) => request("msglog_get", { room_id: "r" }, 10 + i)));
  await sleep(500);
  // All answers together have 120 MB.
  expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000);
  slow.resume();
  const answers = (await slow.texts(102)).slice(2);
  expect(answers.map((text) => Number(/"tid":(\d+)\}$/.exec(text)?.[1]))).toEqual(
    Array.from({ length: 100 }, (_, i) => 10 + i),
  );
});
