import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Connection } from "@roomlog/client";
import type { Random } from "../frame/random.ts";
import { type Actor, atWork, isTheEnd, login, MOST_CALLS, rooms, type Site } from "./connect.ts";
import type { Acked } from "./ledger.ts";

const NAME = "searcher";
const LONGEST_REST_MS = 20;
/** What was acknowledged last is where an index is made, and what a kill may have hit. */
const NEWEST = 50;
const PAGE = 1000;

/** Searches for the words of messages that were acknowledged, and has to find exactly these (M18). */
export class Searcher {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  async begin(site: Site): Promise<Actor> {
    const client = await login(site.url, NAME);
    // Of former lives: others note new ones meanwhile.
    const newest = site.ledger.acked.slice(-NEWEST);
    return atWork(client, site, (isLeaving) =>
      this.#work(client, site, { newest, isLeaving }).catch((error: unknown) => {
        if (!isTheEnd(error)) site.fault(`searcher: was answered ${error}`);
      }),
    );
  }

  async #work(
    client: Connection,
    site: Site,
    { newest, isLeaving }: { readonly newest: readonly Acked[]; readonly isLeaving: () => boolean },
  ): Promise<void> {
    await Promise.all(newest.map((message) => search(client, site, message)));
    for (let n = 0; n < MOST_CALLS && !isLeaving(); n++) {
      const { acked } = site.ledger;
      const known = this.#random.int(0, 1) === 0 ? acked : acked.slice(-NEWEST);
      if (known.length > 0) await search(client, site, this.#random.pick(known));
      await Promise.race([sleep(this.#random.int(1, LONGEST_REST_MS)), client.closed]);
    }
  }
}

/** Where it stands, unless it was erased. Other members edit and delete only in rooms of their own, and search there themselves. */
async function search(client: Connection, site: Site, message: Acked): Promise<void> {
  const { room, msg_id, word } = message;
  if (!(rooms as readonly string[]).includes(room)) return;
  const before = site.ledger.fateOf(message);
  const found = await client.call("media/room/msglog_get", { room_id: room, search: word, limit: 10 });
  const after = site.ledger.fateOf(message);
  site.count("searches");
  const isHere = found.length === 1 && found[0]?.msg_id === msg_id;
  const isRight = after === "kept" ? isHere : found.length === 0 || (before !== "gone" && isHere);
  const ids = found.map((one) => one.msg_id).join(", ");
  if (!isRight)
    site.fault(`searcher: ${word} (${after}) is ${msg_id} of ${room}, found was ${ids || "nothing"}`);
}

/** What `begins` a word finds all messages that have such a word, and no others. `entries`: the whole log of the room. */
export async function searchAll(
  client: Connection,
  { fault }: Pick<Site, "fault">,
  {
    room,
    entries,
    begins,
  }: { room: string; entries: readonly { msg_id: number; word: string }[]; begins: string },
): Promise<void> {
  const due = entries.flatMap(({ msg_id, word }) => (word.startsWith(begins) ? msg_id : []));
  const found: number[] = [];
  for (let isOver = false; !isOver; ) {
    const query = { room_id: room, search: `${begins}*`, order: "asc", after: found.at(-1) ?? 0 } as const;
    const page = await client.call("media/room/msglog_get", { ...query, limit: PAGE });
    found.push(...page.map(({ msg_id }) => msg_id));
    isOver = page.length === 0;
  }
  if (isDeepStrictEqual(found, due)) return;
  const missing = without(due, found);
  const more = without(found, due);
  fault(`searcher: ${begins}* in ${room} missed ${missing}, found too many ${more}, of ${due.length}`);
}

function without(ids: readonly number[], others: readonly number[]): string {
  const known = new Set(others);
  const left = ids.filter((id) => !known.has(id));
  return `${left.length} (${left.slice(0, 3).join(", ")})`;
}
