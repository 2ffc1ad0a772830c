import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { SqliteStore } from "../../packages/server/src/store/sqlite/index.ts";
import type { Append } from "../../packages/server/src/store/store.ts";
import { RawClient } from "../support/raw-client.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";

const ERASER = fileURLToPath(new URL("eraser.ts", import.meta.url));
const MESSAGES = 6000;
const LONGEST_LIFE_MS = 60;

test("[M21] an erasure that kill -9 cuts short has counted what it did, and a repeated one completes it", async () => {
  const directory = dataDirectory();
  await fill(directory);
  const acknowledged = await killedEraser(directory);
  const { receipt, erased } = await look(directory);
  expect(receipt).toMatchObject({ receipt: "first", messages: erased });
  expect(receipt).not.toHaveProperty("at");
  expect(erased).toBeGreaterThanOrEqual(acknowledged);
  expect(erased).toBeLessThan(MESSAGES / 2);

  const server = await serverForTest({ data: directory });
  const client = await RawClient.login(server.url, "opa");
  const all = await client.call("media/room/msglog_erase_user", { user_id: "ann" });
  const done = { receipt: "first", user_id: "ann", rooms: 1, messages: MESSAGES / 2 };
  expect(all.data).toMatchObject(done);
  const { data: list } = await client.call("media/room/msglog_erasures", {});
  expect(list).toMatchObject([{ ...done, complete: true }]);
  const files = readdirSync(directory).map((name) => readFileSync(join(directory, name)));
  expect(files.some((bytes) => bytes.includes("SECRETWORD"))).toBe(false);
}, 60_000);

/** Every other message is ann's. */
async function fill(directory: string): Promise<void> {
  const store = new SqliteStore(directory);
  await store.open();
  const key = { service: "main", room_id: "r" };
  await store.commit([{ kind: "create_room", ...key, epoch: "e", info: { class: "chat" }, created_at: 1 }]);
  const messages = Array.from({ length: MESSAGES }, (_, n): Append => {
    const [user_id, word] = n % 2 === 0 ? ["ann", "SECRETWORD"] : ["bob", "otherword"];
    const msg = JSON.stringify({ text: word.repeat(1 + (n % 20)) });
    return { kind: "append", ...key, user_id, session_id: user_id, timestmap: n, msg };
  });
  await store.commit(messages);
  await store.close();
}

/** How many messages it said it had erased. */
async function killedEraser(directory: string): Promise<number> {
  const child = spawn(process.execPath, ["--conditions=source", ERASER, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  await Promise.race([once(child.stdout, "data"), closed]);
  await sleep(Math.random() * LONGEST_LIFE_MS);
  child.kill("SIGKILL");
  await closed;
  const lines = printed.split("\n").slice(0, -1).map(Number);
  expect(lines.length).toBeGreaterThan(0);
  return lines.reduce((sum, messages) => sum + messages, 0);
}

/** The receipt, and how many messages are erased. */
async function look(directory: string) {
  const store = new SqliteStore(directory);
  await store.open();
  const [receipt] = await store.erasures({ service: "main", limit: 1 });
  const all = { order: "asc", limit: MESSAGES, max_bytes: 1e9 } as const;
  const page = await store.messages({ service: "main", room_id: "r", ...all });
  await store.close();
  return { receipt, erased: page?.messages.filter(({ log }) => log?.erased).length ?? 0 };
}
