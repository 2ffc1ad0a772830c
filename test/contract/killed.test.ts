import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { StoreError } from "roomlog";
import { expect, onTestFinished, test } from "vitest";
import { openForReading } from "../../packages/server/src/store/sqlite/file.ts";
import { SqliteStore } from "../../packages/server/src/store/sqlite/index.ts";
import { searchFaults } from "../../packages/server/src/store/sqlite/search-check.ts";
import type { Message } from "../../packages/server/src/store/store.ts";
import { dataDirectory } from "../support/server.ts";

const APPENDER = fileURLToPath(new URL("appender.ts", import.meta.url));
const ROUNDS = 3;
const LONGEST_LIFE_MS = 200;

interface Ack {
  readonly room_id: string;
  readonly msg_id: number;
  readonly msg: string;
}

test("[M4] [R7] [M18] what was acknowledged outlives kill -9, once and without holes, and is found", async () => {
  const directory = dataDirectory();
  const acks: Ack[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const appender = await startAppender(directory);
    await sleep(Math.random() * LONGEST_LIFE_MS);
    const acknowledged = await appender.kill();
    expect(acknowledged.length).toBeGreaterThan(0);
    acks.push(...acknowledged);

    const logs = await readLogs(directory);
    for (const log of logs.values()) {
      expect(log.map(({ msg_id }) => msg_id)).toEqual(log.map((_, i) => i + 1));
      expect(new Set(log.map(({ msg }) => msg)).size).toBe(log.length);
    }
    const kept = acks.map(({ room_id, msg_id }) => logs.get(room_id)?.[msg_id - 1]?.msg);
    expect(kept).toEqual(acks.map(({ msg }) => msg));
    expect(await notFound(directory, acks)).toEqual([]);
    expect(faultsIn(directory)).toEqual([]);
  }
});

test("a directory that another process holds is refused until that process is killed", async () => {
  const directory = dataDirectory();
  const appender = await startAppender(directory);
  const refusal: unknown = await new SqliteStore(directory).open().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(StoreError);
  expect(refusal).toMatchObject({ reason: "in_use" });
  await appender.kill();
  await readLogs(directory);
});

/** Resolves when it has acknowledged a message. `kill` is SIGKILL and returns everything it has acknowledged. */
async function startAppender(directory: string): Promise<{ kill(): Promise<Ack[]> }> {
  const child = spawn(process.execPath, ["--conditions=source", APPENDER, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  const kill = async () => {
    child.kill("SIGKILL");
    await closed;
    return acksIn(printed);
  };
  onTestFinished(async () => {
    await kill();
  });
  await Promise.race([once(child.stdout, "data"), closed]);
  return { kill };
}

/** A line that the kill has cut off is not an answer. */
function acksIn(printed: string): Ack[] {
  return printed
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const [room_id = "", msg_id, msg = ""] = line.split("\t");
      return { room_id, msg_id: Number(msg_id), msg };
    });
}

/** Of what was acknowledged, a sample that reaches to the newest: what a search for its words does not find, it alone. */
async function notFound(directory: string, acks: readonly Ack[]): Promise<Ack[]> {
  const store = new SqliteStore(directory);
  await store.open();
  const missed: Ack[] = [];
  for (const ack of acks.filter((_, i) => i % 200 === 0 || i > acks.length - 20)) {
    const { process, count } = JSON.parse(ack.msg);
    const search = { text: `${process} ${count}` };
    const { room_id } = ack;
    const page = { service: "main", room_id, search, order: "asc", limit: 10, max_bytes: 1e9 } as const;
    const found = await store.messages(page);
    if (found?.messages.map(({ msg_id }) => msg_id).join() !== String(ack.msg_id)) missed.push(ack);
  }
  await store.close();
  return missed;
}

function faultsIn(directory: string) {
  const db = openForReading(directory);
  const faults = [...searchFaults(db)];
  db.close();
  return faults;
}

/** Opens the directory as it was left, and reads every room of it. */
async function readLogs(directory: string): Promise<Map<string, readonly Message[]>> {
  const store = new SqliteStore(directory);
  await store.open();
  const logs = new Map<string, readonly Message[]>();
  for (const { room_id } of await store.rooms({ service: "main", limit: 100 })) {
    const all = { order: "asc", limit: 1_000_000, max_bytes: 1e9 } as const;
    const page = await store.messages({ service: "main", room_id, ...all });
    logs.set(room_id, page?.messages ?? []);
  }
  await store.close();
  return logs;
}
