import { setTimeout as sleep } from "node:timers/promises";
import { rssKiB } from "../support/process.ts";
import type { Client } from "./dialect.ts";
import type { LoadOptions } from "./load.ts";

export interface IdleShape {
  readonly kind: "idle";
  readonly sessions: number;
}

/** Sessions that are there before memory is looked at, so that what a server needs once is not counted. */
const FIRST = 100;
const PER_ROOM = 100;
const SETTLE_MS = 2000;

/** KiB of resident memory that each session takes which is connected, subscribed to a room, and does nothing. */
export async function idle(
  { sessions }: IdleShape,
  options: LoadOptions,
  pids: readonly number[],
): Promise<number> {
  const rss = () => pids.reduce((sum, pid) => sum + rssKiB(pid), 0);
  const owner = await options.dialect(options.url, { user: "owner" });
  const rooms = Math.ceil((FIRST + sessions) / PER_ROOM);
  for (let i = 0; i < rooms; i++) await owner.create(`idle-${i}`);
  await connect(0, FIRST, options);
  await sleep(SETTLE_MS);
  const before = rss();
  await connect(FIRST, FIRST + sessions, options);
  await sleep(SETTLE_MS);
  return (rss() - before) / sessions;
}

async function connect(from: number, to: number, { url, dialect, answers }: LoadOptions): Promise<void> {
  for (let i = from; i < to; i++) {
    const client: Client = await dialect(url, { user: `user-${i}`, answers });
    await client.subscribe(`idle-${Math.floor(i / PER_ROOM)}`);
  }
}
