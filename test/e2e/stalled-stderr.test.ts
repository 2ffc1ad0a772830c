import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type ChildServer, startChildServer } from "../support/child-server.ts";
import { RawClient } from "../support/raw-client.ts";
import { dataDirectory } from "../support/server.ts";

/** A server that says as much as it can, to a stderr that nobody reads. */
async function unheard(): Promise<ChildServer> {
  const config = join(dataDirectory(), "roomlog.yaml");
  writeFileSync(
    config,
    "log_level: debug\nlimits: {drain_sessions: 1, drain_pause_ms: 60000}\nservices: {main: {core: {log_rate: 1000000}}}\n",
  );
  const server = await startChildServer(dataDirectory(), ["--config", config]);
  server.stderr.pause();
  return server;
}

/** Makes the server log 4 MB; resolves when it has answered everything. */
async function chatter(client: RawClient): Promise<void> {
  client.answering();
  const message = "x".repeat(8000);
  for (let i = 0; i < 500; i++) {
    const answer = await client.call("core/session/log", { source: "test", message });
    expect(answer.result).toBe("ok");
  }
}

test("[C5] a stderr that is not read stops nothing; what was dropped is told when it is read again", async () => {
  const server = await unheard();
  const client = await RawClient.login(server.url);
  await chatter(client);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  expect(await client.call("media/room/msglog_send", { room_id: "r", msg: {} })).toMatchObject({
    data: { msg_id: 1 },
  });
  server.stderr.resume();
  const { code, stderr } = await server.stop();
  const lines = stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const heard = lines.filter(({ msg }) => msg === "a client's log").length;
  const dropped = lines.reduce((sum, line) => sum + (line.dropped ?? 0), 0);
  expect(heard).toBeLessThan(500);
  expect(heard + dropped).toBe(500);
  expect(code).toBe(0);
  // Behind it there may be what was dropped.
  expect(lines.slice(-2).map(({ msg }) => msg)).toContain("stopped");
});

test("[C5] a stderr whose reader has gone stops nothing", async () => {
  const server = await unheard();
  server.stderr.destroy();
  await chatter(await RawClient.login(server.url));
  expect(await server.stop()).toMatchObject({ code: 0 });
});

test("[T5] a server whose stderr is not read stops in order", async () => {
  const server = await unheard();
  await chatter(await RawClient.login(server.url));
  expect(await server.stop()).toMatchObject({ code: 0 });
});

test("[T5] … and at once at a second signal", async () => {
  const server = await unheard();
  const clients = [await RawClient.login(server.url, "ann"), await RawClient.login(server.url, "bob")];
  await chatter(clients[0] as RawClient);
  process.kill(server.pid, "SIGINT");
  // That soon it would be an echo of the first.
  await sleep(800);
  expect(await server.stop("SIGINT")).toMatchObject({ code: 130 });
});
