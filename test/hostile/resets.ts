/**
 * Sessions that are reset at random bytes:
 *
 *     node --conditions=source test/hostile/resets.ts [--resets 10000] [--seed 1]
 *
 * Ends with code 1 when the server did not survive them, holds on to descriptors or sessions, or its memory does not
 * come back to what it was after a first thousand, give or take a tenth.
 */
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Connection } from "@roomlog/client";
import { rssKiB } from "../../bench/support/process.ts";
import { seeded } from "../fault/frame/random.ts";
import { reset } from "./load/resets.ts";
import { withServer } from "./load/with-server.ts";

const { values } = parseArgs({
  options: { resets: { type: "string", default: "10000" }, seed: { type: "string" } },
});
const count = Number(values.resets);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
const WARM_UP = 1000;
const QUIET_SECONDS = 90;

await withServer(async ({ url, pid }) => {
  const random = seeded(seed);
  const descriptors = () => readdirSync(`/proc/${pid}/fd`).length;
  await reset(url, WARM_UP, random);
  await sleep(15_000);
  const before = { rss: rssKiB(pid), descriptors: descriptors() };
  await reset(url, count, random);
  const right = { rss: rssKiB(pid), descriptors: descriptors() };
  const client = await Connection.connect(url);
  await client.call("core/user/login", { user: "ann" });
  const { msg_id } = await client.call("media/room/msglog_send", { room_id: "r", msg: {} });
  const users = Object.keys(await client.call("core/user/list", {}));
  await client.close();
  const seconds = await quiet(() => rssKiB(pid) <= before.rss * 1.1 && descriptors() <= before.descriptors);
  const after = { rss: rssKiB(pid), descriptors: descriptors() };
  console.log(`seed ${seed}: ${count} resets; a client still sends (message ${msg_id}), users: ${users}`);
  console.log("before, right after, after", seconds, "s of quiet:", before, right, after);
  const isBack = after.rss <= before.rss * 1.1 && after.descriptors <= before.descriptors;
  if (!isBack || users.join() !== "ann") process.exitCode = 1;
});

/** Waits until `isBack`, for a bounded time. */
async function quiet(isBack: () => boolean): Promise<number> {
  for (let seconds = 0; ; seconds++) {
    if (isBack() || seconds === QUIET_SECONDS) return seconds;
    await sleep(1000);
  }
}
