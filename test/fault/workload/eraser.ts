import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Connection } from "@roomlog/client";
import type { CommandResult } from "@roomlog/protocol/commands";
import type { Random } from "../frame/random.ts";
import { type Actor, gone, isTheEnd, login, MOST_CALLS, type Site } from "./connect.ts";
import type { Acked } from "./ledger.ts";

type Listed = CommandResult<"media/room/msglog_erasures">[number];

const NAME = "eraser";
/** Until the first erasure in a life of the server, and between two; one that was cut short is repeated at once, or later. */
const LONGEST_FIRST_MS = 1500;
const SHORTEST_REST_MS = 2000;
const LONGEST_REST_MS = 6000;
/** So many of the messages that are gone are looked for after each erasure, and in each life. */
const LOOKED_FOR = 5;

export interface ErasingActor extends Actor {
  /** Resolves when an erasure is known to have begun in this life of the server, and when one was complete. */
  readonly erasing: Promise<void>;
  readonly erased: Promise<void>;
}

interface Told {
  readonly atOnce: boolean;
  readonly leaving: AbortSignal;
  readonly erasing: () => void;
  readonly erased: () => void;
}

/**
 * Erases what one of the others has written, now and then, while he writes (M21). What was cut short when the server went is
 * erased again in a later life, at the latest in the last one.
 */
export class Eraser {
  readonly #random: Random;
  readonly #users: readonly string[];
  /** Receipts of what was complete. */
  readonly #receipts = new Map<string, Listed>();
  /** Whose erasure was cut short. */
  #open: string | undefined;
  /** The receipt under which it goes on, when that is known. */
  #begun: string | undefined;

  constructor(users: readonly string[], random: Random) {
    this.#users = users;
    this.#random = random;
  }

  /** `atOnce`: the first erasure of this life is asked for without a rest. */
  async begin(site: Site, atOnce: boolean): Promise<ErasingActor> {
    const client = await login(site.url, NAME);
    const leaving = new AbortController();
    const [begun, complete] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const told = { atOnce, leaving: leaving.signal, erasing: begun.resolve, erased: complete.resolve };
    const work = this.#work(client, site, told).catch((error: unknown) => {
      if (!isTheEnd(error)) site.fault(`eraser: was answered ${error}`);
    });
    return {
      erasing: begun.promise,
      erased: complete.promise,
      ended: Promise.all([work, gone(client, site)]),
      async leave() {
        leaving.abort();
        await work;
        await client.close();
      },
    };
  }

  async #work(client: Connection, site: Site, told: Told): Promise<void> {
    const { atOnce, leaving } = told;
    const random = this.#random;
    const rest = (ms: number) =>
      Promise.race([sleep(ms, undefined, { signal: leaving }).catch(() => {}), client.closed]);
    await this.#compareReceipts(client, site);
    await this.#lookFor(client, site);
    const isHasty = this.#open !== undefined && random.int(0, 1) === 0;
    if (!isHasty && !atOnce) await rest(random.int(0, LONGEST_FIRST_MS));
    for (let n = 0; n < MOST_CALLS && !leaving.aborted; n++) {
      await this.#erase(client, site, told);
      await rest(random.int(SHORTEST_REST_MS, LONGEST_REST_MS));
    }
    if (this.#open !== undefined || this.#receipts.size === 0) await this.#erase(client, site, told);
    await this.#compareReceipts(client, site);
    await this.#lookFor(client, site);
  }

  async #erase(client: Connection, site: Site, { erasing, erased }: Told): Promise<void> {
    const user = this.#open ?? this.#random.pick(this.#users);
    const over = site.ledger.erase(user);
    site.record({ kind: "erase", user });
    this.#open = user;
    let complete = false;
    try {
      const answered = client.call("media/room/msglog_erase_user", { user_id: user }).then((answer) => {
        complete = true;
        return answer;
      });
      const noted = this.#noteBegun(client, () => complete).then(erasing);
      const [{ receipt, ...answer }] = await Promise.all([answered, noted]);
      erased();
      if (this.#begun !== undefined && receipt !== this.#begun)
        site.fault(`eraser: the erasure ${this.#begun} went on as ${receipt}`);
      [this.#open, this.#begun] = [undefined, undefined];
      this.#receipts.set(String(receipt), { ...answer, receipt, by: NAME, complete } as Listed);
      site.count("erasures");
      site.count("erased messages", answer.messages);
    } finally {
      if (!complete) site.count("erasures cut short");
      over(complete);
      site.record({ kind: "erased", user, complete });
    }
    await this.#lookFor(client, site);
  }

  /** What somebody has seen does not go with the server. */
  async #noteBegun(client: Connection, isOver: () => boolean): Promise<void> {
    for (let n = 0; n < MOST_CALLS && this.#begun === undefined && !isOver(); n++)
      this.#begun = (await this.#listed(client)).find(({ complete }) => !complete)?.receipt;
  }

  /** What was complete stays so; what was cut short is complete, or stands there as not. */
  async #compareReceipts(client: Connection, { fault }: Site): Promise<void> {
    const listed = await this.#listed(client);
    for (const receipt of this.#receipts.values()) {
      const is = listed.find((one) => one.receipt === receipt.receipt);
      if (!isDeepStrictEqual(is, receipt))
        fault(`eraser: a receipt is ${JSON.stringify(is)}, and was ${JSON.stringify(receipt)}`);
    }
    const others = listed.filter(({ complete }) => !complete);
    if (others.length > 1 || (others[0] && others[0].user_id !== this.#open))
      fault(`eraser: an erasure is not complete that nobody waits for: ${JSON.stringify(others)}`);
    const begun = listed.find(({ receipt }) => receipt === this.#begun);
    if (this.#begun !== undefined && !begun)
      fault(`eraser: the erasure ${this.#begun} is not there any more`);
    // Complete, and the answer was lost: the next one is another.
    this.#begun = others[0]?.receipt;
  }

  #listed(client: Connection): Promise<Listed[]> {
    return client.call("media/room/msglog_erasures", {});
  }

  /** Nobody finds it any more: not by its place, not in former wordings, not by its word. */
  async #lookFor(client: Connection, site: Site): Promise<void> {
    const lost = site.ledger.acked.filter((message) => site.ledger.fateOf(message) === "gone");
    if (lost.length === 0) return;
    for (let n = 0; n < LOOKED_FOR; n++) await this.#look(client, site, this.#random.pick(lost));
  }

  async #look(client: Connection, site: Site, { room, msg_id, word }: Acked): Promise<void> {
    const at = { room_id: room, after: msg_id - 1, before: msg_id + 1, versions: true };
    const found = [
      ...(await client.call("media/room/msglog_get", at)),
      ...(await client.call("media/room/msglog_get", { room_id: room, search: word, limit: 10 })),
    ];
    site.count("looks for what was erased");
    const text = JSON.stringify(found);
    if (found.length !== 1 || found[0]?.msg_id !== msg_id || text.includes(JSON.stringify(word)))
      site.fault(`eraser: ${msg_id} of ${room} (${word}) was erased, and reads ${text}`);
  }
}
