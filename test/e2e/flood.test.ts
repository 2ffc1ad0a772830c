import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { RawClient } from "../support/raw-client.ts";
import { maskedFrame, RawSocket } from "../support/raw-socket.ts";
import { serverForTest } from "../support/server.ts";
import { credentials, users } from "../support/with-users.ts";

const BURST = 100;
const REST_MS = 200;
const REFUSALS = 10_000;
const CHUNK = Buffer.concat(
  Array.from({ length: 1000 }, () => maskedFrame(0x81, '{"class":"core","cmd":"ping","tid":1}')),
);

/** Writes as fast as the other side takes it, for 10 s at most; resolves when the connection has ended. */
async function flood(socket: RawSocket, isOver: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !isOver() && Date.now() < end; ) {
    socket.write(CHUNK);
    await Promise.race([socket.taken(), sleep(1000)]);
  }
}

test("[Q3] beside a client that floods the server another one is served at once, and memory stays as it is", async () => {
  const connection = { requests: BURST * (1000 / REST_MS), requests_burst: BURST };
  const limits = { rates: { connection, user: { requests_burst: 100_000 } }, rate_refusals: REFUSALS };
  const { url } = await serverForTest({ store: { kind: "memory" }, users, limits });
  const ann = await RawClient.connect(url);
  await ann.call("core/user/login", credentials("ann"));
  const socket = await RawSocket.connect(url);
  const request = { class: "core", subclass: "user", cmd: "login", data: credentials("bob"), tid: 0 };
  socket.write(maskedFrame(0x81, JSON.stringify(request)));
  await socket.texts(2);

  const before = process.memoryUsage().rss;
  let closed: Awaited<ReturnType<RawSocket["closed"]>> | undefined;
  const began = performance.now();
  const end = socket.closed().then((how) => {
    closed = how;
    return performance.now();
  });
  const flooding = flood(socket, () => closed !== undefined);
  const times: number[] = [];
  while (!closed) {
    const asked = performance.now();
    expect(await ann.call("core/core/ping")).toMatchObject({ result: "ok" });
    times.push(performance.now() - asked);
    await sleep(20);
  }
  await flooding;

  expect(closed).toEqual({
    code: 4003,
    reason: `limits.rate_refusals: over limits.rates.connection.requests, ${REFUSALS} times too often`,
  });
  const answers = (await socket.texts(socket.count)).slice(2).map((text) => JSON.parse(text));
  expect(answers.slice(0, BURST).every(({ result }) => result === "ok")).toBe(true);
  expect(answers.find(({ result }) => result === "error")).toMatchObject({
    data: { code: 100050, limit: connection.requests },
  });
  // A rest behind each read, less what a slow machine needs for that: usually thirty, with the largest reads four. Without any it would be over in 200 ms.
  expect((await end) - began).toBeGreaterThan(2 * REST_MS);
  expect(Math.max(...times)).toBeLessThan(2000);
  expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
});
