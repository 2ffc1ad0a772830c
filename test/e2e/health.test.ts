import type { Worker } from "node:worker_threads";
import type { ConfigInput } from "roomlog";
import { expect, test } from "vitest";
import { healthz, readyz } from "../../packages/server/src/health.ts";
import { MemoryStore } from "../../packages/server/src/store/memory.ts";
import { ManualClock } from "../../packages/server/src/testing/clock.ts";
import { RawClient } from "../support/raw-client.ts";
import { serverForTest } from "../support/server.ts";
import { users } from "../support/with-users.ts";

const running = { state: "running", hasFailed: false, isDiskLow: false } as const;

test("[O1] a running server is of use", async () => {
  const server = await serverForTest();
  expect(server.healthz()).toEqual({ status: 200, type: "text/plain; charset=utf-8", body: "ok\n" });
  expect(server.readyz().status).toBe(200);
});

test("[O1] a server whose store has failed is not", async () => {
  const store = new MemoryStore();
  const server = await serverForTest({}, { store });
  const client = await RawClient.login(server.url);
  store.commit = () => Promise.reject(new Error("no disk"));
  client.send({ class: "media", subclass: "room", cmd: "create", data: { class: "chat" }, tid: 1 });
  await server.failed;
  expect(server.healthz()).toMatchObject({ status: 503, body: expect.stringContaining("store has failed") });
  expect(server.readyz().status).toBe(503);
});

test("[O1] [O2] [T3] nor is one whose store reads no more, whatever is asked of it", async () => {
  const threads: Worker[] = [];
  const noted = (thread: Worker) => threads.push(thread);
  process.on("worker", noted);
  const server = await serverForTest();
  process.off("worker", noted);
  const client = await RawClient.login(server.url);
  expect(server.readyz().status).toBe(200);
  // The writer begins first, then the reader.
  expect(threads).toHaveLength(2);
  await threads[1]?.terminate();
  expect(await server.failed).toMatchObject({ message: "the storage thread has ended" });
  expect((await client.closed).code).toBe(1011);
  expect([server.healthz().status, server.readyz().status]).toEqual([503, 503]);
  await server.close();
});

test("[O2] a server that is stopping is not ready, but of use", async () => {
  const clock = new ManualClock();
  const limits = { drain_sessions: 1, drain_pause_ms: 100 };
  const server = await serverForTest({ limits }, { clock });
  await RawClient.connect(server.url);
  const closed = server.close();
  expect(server.readyz()).toMatchObject({ status: 503, body: "The server is stopping.\n" });
  expect(server.healthz().status).toBe(200);
  await closed;
});

test("[O2] a disk that is nearly full makes it unready", async () => {
  const store: ConfigInput["store"] = { min_free_bytes: Number.MAX_SAFE_INTEGER };
  const server = await serverForTest({ store });
  expect(server.readyz()).toMatchObject({
    status: 503,
    body: expect.stringContaining("disk is nearly full"),
  });
  expect(server.healthz().status).toBe(200);
});

test("[O1] [O2] a port answers both to whom no other path is open", async () => {
  const { url } = await serverForTest({ users });
  for (const path of ["healthz", "readyz"]) {
    const response = await fetch(url.replace("ws:", "http:") + path, {
      headers: { origin: "https://elsewhere.example" },
    });
    expect([response.status, await response.text()]).toEqual([200, "ok\n"]);
  }
});

test("[O2] so does a start that is not done", () => {
  expect(readyz({ ...running, state: "starting" })).toMatchObject({ status: 503 });
  expect(healthz({ ...running, state: "starting" })).toMatchObject({ status: 200 });
});
