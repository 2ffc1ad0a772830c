import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CallError, type Closed, Connection, ConnectionLost } from "@roomlog/client";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { NotStarted, startChildServer } from "../support/child-server.ts";
import { dataDirectory } from "../support/server.ts";

const STORAGE_FAILED = 74;
const SENDERS = 8;
const room_id = "r1";

test("[M4] a full disk takes nothing back that was acknowledged, and a larger one is all it takes to go on", async (context) => {
  const disk = mountDisk(context, "2m");
  // Without its guard of the disk (Q9) the server runs into the end.
  const config = join(dataDirectory(), "roomlog.yaml");
  writeFileSync(config, "store: { min_free_bytes: 0 }\n");
  const flags = ["--config", config];
  const server = await startChildServer(disk.directory, flags);
  const { acknowledged, failures, closed } = await fill(server.url);
  expect(acknowledged.size).toBeGreaterThan(10);
  expect(closed.code).toBe(1011);
  for (const failure of failures) expect(failure).toSatisfy(isOutcomeUnknown);
  const failedAt = performance.now();
  expect(await server.exited).toMatchObject({
    code: STORAGE_FAILED,
    stderr: expect.stringContaining("Free the disk"),
  });
  expect(performance.now() - failedAt).toBeLessThan(5000);

  disk.remount("size=64m");
  const { url } = await startChildServer(disk.directory, flags);
  const client = await connect(url);
  const log = await client.call("media/room/msglog_get", { room_id });
  expect(log.map(({ msg_id }) => msg_id)).toEqual(log.map((_, i) => i + 1));
  expect(new Set(log.map(({ text }) => text)).size).toBe(log.length);
  for (const [msg_id, text] of acknowledged) expect(log[msg_id - 1]?.text).toBe(text);
  const next = { room_id, msg: { text: "next" } };
  expect(await client.call("media/room/msglog_send", next)).toEqual({ msg_id: log.length + 1 });
});

test("a disk too small for an empty database is refused by name, with exit code 74", async (context) => {
  const disk = mountDisk(context, "48k");
  await expectRefusal(disk.directory);
  disk.remount("size=8m");
  await startChildServer(disk.directory);
});

/**
 * Linux does not make a disk read-only while a file on it is open for writing, so it can only be met at the start.
 * After a kill the files of the WAL are there, and SQLite would be content to read them.
 */
test.for([
  ["was never used", undefined],
  ["was left by a server that stopped", "SIGTERM"],
  ["was left by a server that was killed", "SIGKILL"],
] as const)("a read-only disk that %s is refused by name, with exit code 74", async ([, signal], context) => {
  const disk = mountDisk(context, "8m");
  if (signal) await (await startChildServer(disk.directory)).stop(signal);
  disk.remount("ro");
  await expectRefusal(disk.directory);
  disk.remount("rw");
  await startChildServer(disk.directory);
});

interface Disk {
  readonly directory: string;
  remount(options: string): void;
}

/** A disk in memory, gone when the test is. Where none can be mounted the test is skipped, which CI does not accept. */
function mountDisk(context: TestContext, size: string): Disk {
  const directory = dataDirectory();
  try {
    mount("-t", "tmpfs", "-o", `size=${size}`, "tmpfs", directory);
  } catch (cause) {
    const reason = `no small disk can be mounted here: ${(cause as Error).message.trim()}`;
    if (process.env.CI) throw new Error(reason, { cause });
    console.warn(`skipped: ${reason}`);
    context.skip(reason);
  }
  onTestFinished(() => {
    execFileSync("umount", ["-l", directory]);
  });
  return { directory, remount: (options) => mount("-o", `remount,${options}`, directory) };
}

function mount(...args: string[]): void {
  execFileSync("mount", args, { stdio: ["ignore", "ignore", "pipe"] });
}

interface Filled {
  /** Message texts by `msg_id`. */
  readonly acknowledged: ReadonlyMap<number, string>;
  /** One of each sender. */
  readonly failures: readonly unknown[];
  readonly closed: Closed;
}

/** Sends, several at once, until every sender has failed. Nothing may be acknowledged after the first failure. */
async function fill(url: string): Promise<Filled> {
  const client = await connect(url);
  await client.call("media/room/create", { class: "chat", room_id });
  const acknowledged = new Map<number, string>();
  const failures: unknown[] = [];
  let count = 0;
  const send = async () => {
    for (;;) {
      const text = `${++count} ${"x".repeat(8000)}`;
      const { msg_id } = await client.call("media/room/msglog_send", { room_id, msg: { text } });
      expect(failures).toEqual([]);
      acknowledged.set(msg_id, text);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, () => send().catch((failure) => failures.push(failure))));
  return { acknowledged, failures, closed: await client.closed };
}

async function connect(url: string): Promise<Connection> {
  const client = await Connection.connect(url);
  await client.call("core/user/login", { user: "ann" });
  return client;
}

/** An error 304105, or no answer. */
function isOutcomeUnknown(failure: unknown): boolean {
  return failure instanceof ConnectionLost || (failure instanceof CallError && failure.code === 304105);
}

async function expectRefusal(data: string): Promise<void> {
  const error: unknown = await startChildServer(data).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NotStarted);
  expect(error).toMatchObject({
    exit: {
      code: STORAGE_FAILED,
      stderr: expect.stringContaining(`The data directory ${data} cannot be used`),
    },
  });
}
