import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { startChildServer } from "../support/child-server.ts";
import { RawClient } from "../support/raw-client.ts";
import { dataDirectory } from "../support/server.ts";

const SENDS = 20;

test("[M4] between a send and its answer the system has made the log durable", async (context) => {
  skipWithoutStrace(context);
  const directory = dataDirectory();
  const server = await startChildServer(join(directory, "data"));
  const client = await RawClient.login(server.url, "ann");
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  const calls = await traced(server.pid, join(directory, "calls"), async () => {
    for (let n = 1; n <= SENDS; n++)
      await client.call("media/room/msglog_send", { room_id: "r", msg: { n } });
  });
  const seen = calls.flatMap(whatItTells);
  const expected = Array.from({ length: SENDS }, (_, i) => ["durable", `answered ${i + 1}`]).flat();
  expect(withoutRepeats(seen)).toEqual(expected);
});

function skipWithoutStrace(context: TestContext): void {
  if (spawnSync("strace", ["-V"]).status === 0) return;
  const reason = "strace is not installed (apt-get install strace)";
  if (process.env.CI) throw new Error(reason);
  console.warn(`skipped: ${reason}`);
  context.skip(reason);
}

/** The lines of the system calls that write or make durable while `work` runs. */
async function traced(pid: number, file: string, work: () => Promise<void>): Promise<string[]> {
  const names = "trace=fsync,fdatasync,write,writev,sendmsg,sendto";
  const strace = spawn("strace", ["-f", "-y", "-s", "64", "-e", names, "-o", file, "-p", String(pid)]);
  onTestFinished(() => void strace.kill());
  await once(strace.stderr, "data");
  await work();
  strace.kill("SIGINT");
  await once(strace, "exit");
  return readFileSync(file, "utf8").split("\n");
}

/** Threads whose fsync of the log has begun and not ended: strace tells of that in two lines. */
const syncing = new Set<string>();

function whatItTells(line: string): string[] {
  const [thread = ""] = line.split(" ");
  if (/f(data)?sync\(\d+<[^>]*roomlog\.db-wal>/.test(line)) {
    if (!line.includes("unfinished")) return line.includes("= 0") ? ["durable"] : [];
    syncing.add(thread);
  }
  if (/f(data)?sync resumed/.test(line) && syncing.delete(thread))
    return line.includes("= 0") ? ["durable"] : [];
  const [, msg_id] = /\\"msg_id\\":(\d+)/.exec(line) ?? [];
  return msg_id === undefined || line.includes("db-wal") ? [] : [`answered ${msg_id}`];
}

function withoutRepeats(seen: readonly string[]): string[] {
  return seen.filter((what, i) => what !== seen[i - 1]);
}
