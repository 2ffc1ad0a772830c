import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "@roomlog/client";
import type { Random } from "../frame/random.ts";
import { type Actor, atWork, isTheEnd, login, MOST_CALLS, type Site } from "./connect.ts";

const LONGEST_REST_MS = 50;
/** One mark in so many is below one that was set before, which changes nothing (M19); one in so many is looked at. */
const LOWER = 4;
const LOOKED_AT = 4;
const PAGE = 1000;

/** How far a user has read a room. */
interface Mark {
  /** Acknowledged, or seen: it is never less from then on. */
  least: number;
  /** The greatest that was asked for. */
  most: number;
}

/**
 * Reads along, sets marks (M19) and asks what is unread (M20): a mark that was acknowledged stays, and what is unread is exactly
 * what stands behind it in the log.
 */
export class Marker {
  readonly #user: string;
  readonly #random: Random;
  readonly #marks: ReadonlyMap<string, Mark>;

  constructor(user: string, rooms: readonly string[], random: Random) {
    this.#user = user;
    this.#random = random;
    this.#marks = new Map(rooms.map((room) => [room, { least: 0, most: 0 }]));
  }

  async begin(site: Site): Promise<Actor> {
    const client = await login(site.url, this.#user);
    return atWork(client, site, (isLeaving) =>
      this.#work(client, site, isLeaving).catch((error: unknown) => {
        if (!isTheEnd(error)) this.#fault(site, `was answered ${error}`);
      }),
    );
  }

  async #work(client: Connection, site: Site, isLeaving: () => boolean): Promise<void> {
    const random = this.#random;
    const inAllRooms = (act: (room: string) => Promise<void>) =>
      Promise.all(Array.from(this.#marks.keys(), act));
    const look = (room: string) => this.#look(client, site, room);
    await inAllRooms(look);
    for (let n = 0; n < MOST_CALLS && !isLeaving(); n++) {
      await inAllRooms((room) => this.#set(client, site, room));
      if (random.int(1, LOOKED_AT) === 1) await look(random.pick([...this.#marks.keys()]));
      await Promise.race([sleep(random.int(1, LONGEST_REST_MS)), client.closed]);
    }
    await inAllRooms(look);
  }

  async #set(client: Connection, { tips, count }: Site, room: string): Promise<void> {
    const mark = this.#marks.get(room) as Mark;
    const tip = tips.get(room) ?? 0;
    if (tip === 0) return;
    const msg_id = this.#random.int(1, LOWER) === 1 ? this.#random.int(1, tip) : tip;
    mark.most = Math.max(mark.most, msg_id);
    await client.call("media/room/msglog_mark", { room_id: room, msg_id });
    mark.least = Math.max(mark.least, msg_id);
    count("marks");
  }

  async #look(client: Connection, site: Site, room: string): Promise<void> {
    const known = this.#marks.get(room) as Mark;
    const [least, tip, began] = [known.least, site.tips.get(room) ?? 0, site.ledger.now()];
    const [found] = await client.call("media/room/msglog_unread", { rooms: [room] });
    // The changer's room may not be there yet.
    if (!found) return tip > 0 ? this.#fault(site, `${room} is not there`) : undefined;
    const { mark, last_id } = found;
    site.count("looks at what is unread");
    if (mark < least) this.#fault(site, `the mark in ${room} is ${mark}, and was ${least}`);
    // A message of his own moves it too.
    if (mark > known.most && this.#user.startsWith("marker"))
      this.#fault(site, `the mark in ${room} is ${mark}, and no more than ${known.most} was asked for`);
    if (last_id < tip) this.#fault(site, `${room} ends at ${last_id}, and ${tip} was acknowledged`);
    known.least = Math.max(least, mark);
    const behind = await this.#behind(client, room, found);
    if (found.unread !== behind.messages)
      this.#fault(
        site,
        `${found.unread} are unread in ${room} behind ${mark}, the log has ${behind.messages}`,
      );
    if (found.mentions !== behind.mentions && !site.ledger.isErasingSince(began))
      this.#fault(
        site,
        `${found.mentions} mention him in ${room} behind ${mark}, the log has ${behind.mentions}`,
      );
  }

  /** What the log has behind a mark, up to where it stood. */
  async #behind(client: Connection, room_id: string, { mark, last_id }: { mark: number; last_id: number }) {
    let [messages, mentions] = [0, 0];
    for (let after = mark; after < last_id; ) {
      const query = { room_id, after, before: last_id + 1, limit: PAGE };
      const page = await client.call("media/room/msglog_get", query);
      for (const { user_id, $log } of page) {
        if ($log?.op === undefined) messages += 1;
        if (user_id !== this.#user && $log?.mentions?.includes(this.#user)) mentions += 1;
      }
      after = page.at(-1)?.msg_id ?? last_id;
    }
    return { messages, mentions };
  }

  #fault({ fault }: Site, what: string): void {
    fault(`marker: ${this.#user}: ${what}`);
  }
}
