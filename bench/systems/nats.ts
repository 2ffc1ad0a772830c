import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { nats as dialect } from "../load/nats.ts";
import type { DataSet } from "../support/fill.ts";
import { stopper } from "../support/program.ts";
import type { RunningSystem, System } from "./system.ts";

const PROGRAM = "nats-server";
const SYNC_ALWAYS = "sync_interval: always";
const POLL_MS = 20;
const MOST_POLLS = 500;
/** Sends under way while a data set is written. */
const FILL_IN_FLIGHT = 1000;

/** NATS JetStream over WebSocket: a stream of its own for each room, in files; subscribers listen to its subject. */
export const nats: System = {
  name: "nats",
  dialect: "nats",
  isAnswered: false,
  kinds: ["senders", "fanout", "paced", "pages", "idle"],
  setting() {
    const version = execFileSync(PROGRAM, ["--version"], { encoding: "utf8" }).trim();
    const sync = canSync() ? "fsync before every ack" : "no fsync before an ack (sync_interval of 2 min)";
    return `${version}, JetStream in files, ${sync}, events not answered and sent before they are stored`;
  },
  missing() {
    const isThere = spawnSync(PROGRAM, ["--version"]).status === 0;
    return isThere ? undefined : `${PROGRAM} is not installed: apt-get install nats-server`;
  },
  async fill(directory, data) {
    const running = await start(directory);
    await publish(running.url, data);
    await running.stop();
  },
  start,
};

async function start(directory: string): Promise<RunningSystem> {
  const file = configIn(directory, canSync());
  const child = spawn(PROGRAM, ["-c", file], { stdio: "ignore" });
  const stop = stopper(child);
  const pid = child.pid as number;
  try {
    return { url: await urlOf(join(directory, `${PROGRAM}_${pid}.ports`)), pids: [pid], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Whether this version has a setting for an fsync before every ack (since 2.10). */
let syncs: boolean | undefined;
function canSync(): boolean {
  if (syncs !== undefined) return syncs;
  const directory = mkdtempSync(join(tmpdir(), "bench-nats-"));
  syncs = spawnSync(PROGRAM, ["-t", "-c", configIn(directory, true)]).status === 0;
  rmSync(directory, { recursive: true });
  return syncs;
}

function configIn(directory: string, isSynced: boolean): string {
  const file = join(directory, "nats.conf");
  const lines = [
    'listen: "127.0.0.1:-1"',
    `jetstream { store_dir: "${directory}"${isSynced ? `, ${SYNC_ALWAYS}` : ""} }`,
    'websocket { listen: "127.0.0.1:-1", no_tls: true }',
    `ports_file_dir: "${directory}"`,
    `log_file: "${join(directory, "nats.log")}"`,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

/** Where it listens for WebSockets, which it writes to a file when it is ready. */
async function urlOf(file: string): Promise<string> {
  for (let i = 0; i < MOST_POLLS; i++) {
    await sleep(POLL_MS);
    try {
      const { websocket } = JSON.parse(readFileSync(file, "utf8")) as { websocket: string[] };
      if (websocket[0] !== undefined) return websocket[0];
    } catch {
      // Not there yet, or not whole.
    }
  }
  throw new Error(`${PROGRAM} did not say where it listens`);
}

async function publish(url: string, { prefix, rooms, messages }: DataSet): Promise<void> {
  let acked = 0;
  let onAcked = () => {};
  const acks = () => {
    acked++;
    onAcked();
  };
  const client = await dialect(url, { user: "filler", acked: acks });
  for (let room = 0; room < rooms; room++) await client.create(`${prefix}-${room}`);
  await new Promise<void>((resolve) => {
    let sent = 0;
    onAcked = () => {
      for (; sent < rooms * messages && sent < acked + FILL_IN_FLIGHT; sent++)
        client.send(`${prefix}-${sent % rooms}`);
      if (acked === rooms * messages) resolve();
    };
    onAcked();
    client.flush();
  });
  client.end();
}
