import type { CommandData, StoredMessage } from "@roomlog/protocol";
import { type Actor, gone, login, rooms, type Site, seen } from "./connect.ts";

type Pattern = CommandData<"core/event/subscribe">;

/** What each listener subscribes to. */
const subscriptions: Readonly<Record<string, readonly Pattern[]>> = {
  "listener of one room": [{ class: "media", subclass: "room", obj_id: "one" }],
  "listener of two rooms": [
    { class: "media", subclass: "room", obj_id: "one" },
    { class: "media", subclass: "room", type: "msglog_new_msg", obj_id: "two" },
  ],
  "listener of all rooms": [{ class: "media" }],
};

export const listeners = Object.keys(subscriptions);

/** Hears what happens from now on (E2), each life of the server anew. */
export class Listener {
  readonly #name: string;
  #connections = 0;

  constructor(name: string) {
    this.#name = name;
  }

  async begin(site: Site): Promise<Actor> {
    const subscriber = this.#name;
    const connection = ++this.#connections;
    const client = await login(site.url, subscriber, {
      onEvent({ type, obj_id: room = "", body }) {
        // A program may have rooms of its own.
        if (type !== "msglog_new_msg" || !(rooms as readonly string[]).includes(room)) return;
        site.record({ kind: "event", subscriber, connection, room, ...seen(body as StoredMessage) });
      },
    });
    for (const pattern of subscriptions[subscriber] ?? []) await client.call("core/event/subscribe", pattern);
    return {
      ended: gone(client, site),
      async leave() {
        await client.close();
      },
    };
  }
}
