import { CallError, type Connection, ConnectionLost } from "@roomlog/client";
import { type Actor, atWork, login, MOST_CALLS, rooms, type Site, seen } from "./connect.ts";

const LARGEST_PAGE = 100;

/** Reads random windows of random rooms, also ones that reach beyond the end. */
export async function beginPager(site: Site): Promise<Actor> {
  const client = await login(site.url, "pager");
  return atWork(client, site, (isLeaving) => readWindows(client, site, isLeaving));
}

async function readWindows(client: Connection, site: Site, isLeaving: () => boolean): Promise<void> {
  try {
    for (let n = 0; n < MOST_CALLS && !isLeaving(); n++) await readWindow(client, site);
  } catch (error) {
    if (error instanceof CallError) site.fault(`a page was refused: ${error.message}`);
    else if (!(error instanceof ConnectionLost)) throw error;
  }
}

async function readWindow(client: Connection, { random, tips, ledger, record }: Site): Promise<void> {
  const room = random.pick(rooms);
  const after = random.int(0, (tips.get(room) ?? 0) + 1);
  const limit = random.int(1, LARGEST_PAGE);
  const erasures = ledger.complete;
  const page = await client.call("media/room/msglog_get", { room_id: room, after, limit });
  record({ kind: "page", room, after, messages: page.map(seen), erasures });
}
