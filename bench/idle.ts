/**
 * What sessions cost that are logged in, subscribed to their room, and do nothing:
 *
 *     node --conditions=source bench/idle.ts [--sessions 2000] [--seconds 20] [--ping 10]
 *
 * Prints memory per session, right after the logins and after a rest of `seconds`, and the server's CPU at rest, with
 * its pings going on. V8 lets the space for young objects grow while sessions come, up to 128 MiB, and gives it back
 * when there has been little garbage for a while; `NODE_OPTIONS=--max-semi-space-size=8` bounds it to 16 MiB.
 */
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Connection } from "@roomlog/client";
import { rssKiB } from "./support/process.ts";
import { startServerProcess } from "./support/server.ts";

const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "2000" },
    seconds: { type: "string", default: "20" },
    ping: { type: "string", default: "10" },
  },
});
const sessions = Math.min(8000, Math.max(1, Number(values.sessions) || 0));
const seconds = Math.min(120, Math.max(1, Number(values.seconds) || 0));
const ping = Math.min(60, Math.max(1, Number(values.ping) || 0));
const PER_ROOM = 100;
const AT_ONCE = 50;

const server = await startServerProcess(
  { store: { kind: "sqlite" }, limits: { ping_seconds: ping } },
  tmpdir(),
);
try {
  const warm = await connect(100, 0);
  await sleep(1000);
  const before = rssKiB(server.pid);
  const clients = await connect(sessions, 1000);
  await sleep(2000);
  const after = rssKiB(server.pid);
  const cpuBefore = server.cpuSeconds();
  await sleep(seconds * 1000);
  const share = ((server.cpuSeconds() - cpuBefore) / seconds) * 100;
  const rested = rssKiB(server.pid);
  console.log(`${sessions} idle sessions, subscribed, a ping every ${ping} s`);
  console.log(
    `memory per session: ${((after - before) / sessions).toFixed(1)} KiB, rested ${((rested - before) / sessions).toFixed(1)} KiB (RSS, after 100 others were there)`,
  );
  console.log(
    `CPU at rest: ${share.toFixed(2)} % of one core, ${((share * 10_000) / (sessions + 100)).toFixed(1)} µs per session and second`,
  );
  for (const client of [...warm, ...clients]) void client.close();
} finally {
  await server.stop();
}

async function connect(count: number, from: number): Promise<Connection[]> {
  const clients: Connection[] = [];
  while (clients.length < count) {
    const first = from + clients.length;
    const batch = Array.from({ length: Math.min(AT_ONCE, count - clients.length) }, (_, i) =>
      idle(first + i),
    );
    clients.push(...(await Promise.all(batch)));
  }
  return clients;
}

async function idle(number: number): Promise<Connection> {
  const client = await Connection.connect(server.url);
  await client.call("core/user/login", { user: `user-${number}` });
  await client.call("core/event/subscribe", {
    class: "media",
    obj_id: `room-${Math.floor(number / PER_ROOM)}`,
  });
  return client;
}
