import { setTimeout as sleep } from "node:timers/promises";
import { CallError, type Connection, ConnectionLost } from "@roomlog/client";
import type { EventData, StoredMessage } from "@roomlog/protocol";
import type { Random } from "../frame/random.ts";
import { type Actor, gone, login, MOST_CALLS, rooms, type Site, seen } from "./connect.ts";

interface Follows {
  readonly rooms: readonly string[];
  /** Whether it also subscribes to events in general (E2): still each message once. */
  readonly listens: boolean;
}

const followed: Readonly<Record<string, Follows>> = {
  "follower of one room": { rooms: ["one"], listens: false },
  "follower of all rooms": { rooms, listens: false },
  "follower and listener": { rooms, listens: true },
};

export const followers = Object.keys(followed);

/** How far it has come in a room. */
interface Cursor {
  after: number;
  epoch?: string;
}

/** It connects anew after so many events, also when nothing is wrong. */
const FEWEST_EVENTS = 50;
const MOST_EVENTS = 1000;
const LEVEL_LIMIT_MS = 60_000;
const POLL_MS = 10;

/** Sees every message of its rooms once, over all its connections (M10). */
export class Follower {
  readonly #name: string;
  readonly #random: Random;
  readonly #cursors = new Map<string, Cursor>();
  #connections = 0;
  /** Events until it connects anew. */
  #patience = 0;

  constructor(name: string, random: Random) {
    this.#name = name;
    this.#random = random;
    for (const room of this.#follows.rooms) this.#cursors.set(room, { after: 0 });
  }

  async begin(site: Site): Promise<Actor> {
    let leaving = false;
    let client = await this.#connect(site);
    const follow = async () => {
      for (let n = 0; n < MOST_CALLS && !leaving; n++) {
        if (await this.#loses(client, () => leaving)) break;
        await client.close();
        client = await this.#connect(site);
      }
      if (leaving) await client.close();
    };
    const ended = follow().then(
      () => gone(client, site),
      (error: unknown) => {
        if (!(error instanceof ConnectionLost)) throw error;
      },
    );
    return {
      ended,
      leave: async () => {
        await this.#isLevel(site);
        leaving = true;
        await ended;
      },
    };
  }

  get #follows(): Follows {
    return followed[this.#name] as Follows;
  }

  /** Waits until its patience or its connection has come to an end, and says whether it was the latter. */
  async #loses(client: Connection, isLeaving: () => boolean): Promise<boolean> {
    let lost = false;
    void client.closed.then(() => {
      lost = true;
    });
    while (!lost && !isLeaving() && this.#patience > 0) await Promise.race([sleep(POLL_MS), client.closed]);
    return lost || isLeaving();
  }

  async #connect(site: Site): Promise<Connection> {
    const connection = ++this.#connections;
    this.#patience = this.#random.int(FEWEST_EVENTS, MOST_EVENTS);
    const onEvent = (event: EventData) => this.#note(site, connection, event);
    const client = await login(site.url, this.#name, { onEvent });
    for (const [room, cursor] of this.#cursors) await this.#goOn({ site, client, connection, room, cursor });
    if (this.#follows.listens)
      await client.call("core/event/subscribe", { class: "media", subclass: "room" });
    return client;
  }

  async #goOn(place: {
    readonly site: Site;
    readonly client: Connection;
    readonly connection: number;
    readonly room: string;
    readonly cursor: Cursor;
  }): Promise<void> {
    const { site, client, connection, room, cursor } = place;
    const { after } = cursor;
    site.record({ kind: "resume", subscriber: this.#name, connection, room, after });
    const subscribed = client.call("media/room/msglog_subscribe", { room_id: room, ...cursor });
    const answer = await subscribed.catch((error: unknown) => {
      if (error instanceof CallError) return error.data;
      throw error;
    });
    const recovered = "recovered" in answer && answer.recovered && answer.first_id === 1;
    if (recovered) cursor.epoch ??= answer.epoch;
    else site.record({ kind: "astray", subscriber: this.#name, room, after, answer: JSON.stringify(answer) });
  }

  #note({ record }: Site, connection: number, { type, obj_id: room = "", body }: EventData): void {
    const cursor = this.#cursors.get(room);
    if (type !== "msglog_new_msg" || !cursor) return;
    const message = seen(body as StoredMessage);
    record({ kind: "event", subscriber: this.#name, connection, room, ...message });
    cursor.after = message.msg_id;
    this.#patience -= 1;
  }

  /** Resolves when everything that was acknowledged has come, or when it does not. */
  async #isLevel({ tips }: Site): Promise<void> {
    const lags = () => [...this.#cursors].some(([room, { after }]) => after < (tips.get(room) ?? 0));
    for (let ms = 0; ms < LEVEL_LIMIT_MS && lags(); ms += POLL_MS) await sleep(POLL_MS);
  }
}
