import { isDeepStrictEqual } from "node:util";
import { CallError, type Connection, ConnectionLost } from "@roomlog/client";
import type { JsonObject, StoredMessage } from "@roomlog/protocol";
import type { Random } from "../frame/random.ts";
import { type Actor, gone, login, MOST_CALLS, type Site, UNKNOWN } from "./connect.ts";

/** An entry of the room's log as it was asked for. */
interface Entry {
  readonly op?: "edit" | "delete";
  readonly ref?: number;
  readonly msg: JsonObject;
}

/** A message that somebody can still change. */
interface Alive {
  readonly msg_id: number;
  readonly edits: number[];
}

const ROOM = "changed";
const NAME = "changer";
const PAGE = 1000;
/** So many messages are changed again and again; older ones are left as they are. */
const MOST_ALIVE = 20;

const commands = { edit: "media/room/msglog_edit", delete: "media/room/msglog_delete" } as const;

/**
 * Sends, edits and deletes in a room that is its own, one after the other: so it knows exactly what the log has to be
 * (M15). What has no answer when the server goes is asked for again, under the same name (M9).
 */
export class Changer {
  readonly #random: Random;
  readonly #log: Entry[] = [];
  #alive: Alive[] = [];
  #pending: Entry | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  async begin(site: Site): Promise<Actor> {
    const client = await login(site.url, NAME);
    let leaving = false;
    const work = this.#work(client, site, () => leaving);
    return {
      ended: Promise.all([work, gone(client, site)]),
      async leave() {
        leaving = true;
        await work;
        await client.close();
      },
    };
  }

  async #work(client: Connection, site: Site, isLeaving: () => boolean): Promise<void> {
    const fault = (what: string) => site.fault(`changer: ${what}`);
    try {
      await client.call("media/room/create", { class: "chat", room_id: ROOM }).catch(() => {});
      if (this.#pending) await this.#put(client, this.#pending, fault);
      await this.#compare(client, fault);
      for (let n = 0; n < MOST_CALLS && !isLeaving(); n++) await this.#put(client, this.#next(), fault);
      await this.#compare(client, fault);
    } catch (error) {
      const isTheEnd = error instanceof CallError ? error.code === UNKNOWN : error instanceof ConnectionLost;
      if (!isTheEnd) fault(`was answered ${error}`);
    }
  }

  #next(): Entry {
    const random = this.#random;
    const target = this.#alive.length > 0 ? random.pick(this.#alive).msg_id : undefined;
    const msg = { n: this.#log.length + 1, text: "x".repeat(random.int(0, 200)) };
    if (target === undefined || random.int(1, 2) === 1) {
      return { msg, ...(target !== undefined && random.int(1, 3) === 1 && { ref: target }) };
    }
    if (random.int(1, 4) > 1) return { op: "edit", ref: target, msg };
    return { op: "delete", ref: target, msg: { reason: `reason ${this.#log.length}` } };
  }

  async #put(client: Connection, entry: Entry, fault: (what: string) => void): Promise<void> {
    this.#pending = entry;
    const { op, ref, msg } = entry;
    const due = this.#log.length + 1;
    const common = { room_id: ROOM, client_msg_id: `entry ${due}` };
    const change = { ...common, msg_id: ref as number };
    const { msg_id } = await (op === undefined
      ? client.call("media/room/msglog_send", { ...common, msg, ...(ref !== undefined && { ref }) })
      : op === "edit"
        ? client.call(commands.edit, { ...change, msg })
        : client.call(commands.delete, { ...change, reason: msg.reason as string }));
    if (msg_id !== due) fault(`entry ${due} became ${msg_id}`);
    this.#pending = undefined;
    this.#note(entry);
  }

  #note(entry: Entry): void {
    const msg_id = this.#log.push(entry);
    if (entry.op === undefined) this.#alive = [...this.#alive, { msg_id, edits: [] }].slice(-MOST_ALIVE);
    if (entry.op === "delete") this.#alive = this.#alive.filter(({ msg_id }) => msg_id !== entry.ref);
  }

  async #compare(client: Connection, fault: (what: string) => void): Promise<void> {
    const due = expected(this.#log);
    for (let after = 0; after <= this.#log.length; ) {
      const query = { room_id: ROOM, after, limit: PAGE, versions: true };
      const page = await client.call("media/room/msglog_get", query);
      const parts = due.slice(after, after + Math.max(page.length, 1));
      const at = parts.findIndex((part, i) => !isDeepStrictEqual(part, shownIn(page[i])));
      if (at >= 0) {
        const [is, was] = [shownIn(page[at]), parts[at]].map((part) => JSON.stringify(part));
        return fault(`entry ${after + at + 1} is ${is}, not ${was}`);
      }
      if (page.length === 0) return;
      after += page.length;
    }
    fault("the log has more than was asked for");
  }
}

/** What readers have to see of each entry, by what followed it. */
function expected(log: readonly Entry[]): object[] {
  const edits = new Map<number, number[]>();
  const deletions = new Map<number, number>();
  for (const [i, { op, ref = 0 }] of log.entries()) {
    if (op === "edit") edits.set(ref, [...(edits.get(ref) ?? []), i + 1]);
    if (op === "delete") deletions.set(ref, i + 1);
  }
  return log.map(({ op, ref, msg }, i) => {
    const own = op === undefined ? (edits.get(i + 1) ?? []) : [];
    const deletion = deletions.get(op === "edit" ? (ref as number) : i + 1);
    const newest = own.at(-1);
    const wording = (msg_id: number) => ({ msg_id, user_id: NAME, msg: (log[msg_id - 1] as Entry).msg });
    const isChanged = op === undefined && (newest ?? deletion) !== undefined;
    const $log = {
      ...(op && { op }),
      ...(ref !== undefined && { ref }),
      ...(newest && !deletion && { edited: { msg_id: newest, user_id: NAME } }),
      ...(deletion && { deleted: { msg_id: deletion, user_id: NAME, ...(log[deletion - 1] as Entry).msg } }),
      ...(isChanged && { versions: [i + 1, ...own].map(wording) }),
    };
    const body = deletion ? {} : ((log[(newest ?? i + 1) - 1] as Entry).msg ?? msg);
    return { msg_id: i + 1, body, $log };
  });
}

/** The same of what came, without times and sessions. */
function shownIn(message: StoredMessage | undefined): object | undefined {
  if (!message) return undefined;
  const { msg_id, user_id: _, session_id: __, timestmap: ___, $log = {}, ...body } = message;
  return {
    msg_id,
    body,
    $log: JSON.parse(JSON.stringify($log, (key, value) => (key === "timestmap" ? undefined : value))),
  };
}
