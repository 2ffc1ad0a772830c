import { isDeepStrictEqual } from "node:util";
import { CallError, type Connection } from "@roomlog/client";
import type { JsonObject, StoredMessage } from "@roomlog/protocol";
import type { CommandResult } from "@roomlog/protocol/commands";
import type { Random } from "../frame/random.ts";
import { type Actor, atWork, isTheEnd, login, MOST_CALLS, type Site } from "./connect.ts";
import type { Acked, Fate } from "./ledger.ts";

/** An entry of the room's log as it was asked for. */
interface Entry {
  readonly op?: "edit" | "delete";
  readonly ref?: number;
  readonly msg: JsonObject;
}

type Stored = CommandResult<"media/room/msglog_send">;

/** An entry without an answer, and when it went out first. */
interface Pending {
  readonly entry: Entry;
  readonly sent: number;
}

/** A message that somebody can still change. */
interface Alive {
  readonly msg_id: number;
  readonly edits: number[];
}

/** Who changes messages, and the room in which nobody else sends. */
export const CHANGER = "changer";
export const CHANGED = "changed";

const PAGE = 1000;
/** So many messages are changed again and again; older ones are left as they are. */
const MOST_ALIVE = 20;
/** So many of the newest entries are searched for, each by its word. */
const SOUGHT = 10;
const NO_SUCH_MESSAGE = 304110;

const commands = { edit: "media/room/msglog_edit", delete: "media/room/msglog_delete" } as const;

/**
 * Sends, edits and deletes in a room that is its own, one after the other: so it knows exactly what the log has to be
 * (M15), but for what an erasure takes meanwhile (M21). What has no answer when the server goes is asked for again, under the
 * same name (M9).
 */
export class Changer {
  readonly #random: Random;
  readonly #log: Entry[] = [];
  /** What the ledger knows of each entry. */
  readonly #acked: Acked[] = [];
  #alive: Alive[] = [];
  #pending: Pending | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  async begin(site: Site): Promise<Actor> {
    const client = await login(site.url, CHANGER);
    return atWork(client, site, (isLeaving) => this.#work(client, site, isLeaving));
  }

  async #work(client: Connection, site: Site, isLeaving: () => boolean): Promise<void> {
    try {
      await client.call("media/room/create", { class: "chat", room_id: CHANGED }).catch(() => {});
      if (this.#pending) await this.#put(client, site, this.#pending);
      await this.#compare(client, site);
      for (let n = 0; n < MOST_CALLS && !isLeaving(); n++)
        await this.#put(client, site, { entry: this.#next(), sent: site.ledger.now() });
      await this.#compare(client, site);
    } catch (error) {
      if (!isTheEnd(error)) site.fault(`changer: was answered ${error}`);
    }
  }

  #next(): Entry {
    const random = this.#random;
    const target = this.#alive.length > 0 ? random.pick(this.#alive).msg_id : undefined;
    const word = wordOf(this.#log.length + 1);
    const msg = { word, text: "x".repeat(random.int(0, 200)) };
    if (target === undefined || random.int(1, 2) === 1) {
      return { msg, ...(target !== undefined && random.int(1, 3) === 1 && { ref: target }) };
    }
    if (random.int(1, 4) > 1) return { op: "edit", ref: target, msg };
    return { op: "delete", ref: target, msg: { reason: word } };
  }

  async #put(client: Connection, site: Site, pending: Pending): Promise<void> {
    this.#pending = pending;
    const { op, ref, msg } = pending.entry;
    const due = this.#log.length + 1;
    const common = { room_id: CHANGED, client_msg_id: `entry ${due}` };
    const change = { ...common, msg_id: ref as number };
    const isErased = ref !== undefined && op !== undefined && this.#fateOf(site, ref) === "gone";
    const stored: Promise<Stored> =
      op === undefined
        ? client.call("media/room/msglog_send", { ...common, msg, ...(ref !== undefined && { ref }) })
        : op === "edit"
          ? client.call(commands.edit, { ...change, msg })
          : client.call(commands.delete, { ...change, reason: msg.reason as string });
    const answer = await stored.catch((error: unknown) => this.#refused(site, pending.entry, error));
    this.#pending = undefined;
    if (!answer) return;
    const { msg_id, duplicate } = answer;
    if (msg_id !== due) site.fault(`changer: entry ${due} became ${msg_id}`);
    if (isErased && !duplicate) site.fault(`changer: entry ${due} changed ${ref}, which was erased`);
    this.#note(site, pending);
  }

  /** What is erased cannot be changed (M21). */
  #refused(site: Site, { op, ref = 0 }: Entry, error: unknown): undefined {
    const isErased = op !== undefined && this.#fateOf(site, ref) !== "kept";
    if (!(isErased && error instanceof CallError && error.code === NO_SUCH_MESSAGE)) throw error;
    this.#alive = this.#alive.filter(({ msg_id }) => msg_id !== ref);
  }

  #fateOf({ ledger }: Site, msg_id: number): Fate {
    return ledger.fateOf(this.#acked[msg_id - 1] as Acked);
  }

  #note({ ledger, tips }: Site, { entry, sent }: Pending): void {
    const msg_id = this.#log.push(entry);
    tips.set(CHANGED, msg_id);
    this.#acked.push(ledger.note({ room: CHANGED, msg_id, user: CHANGER, word: wordOf(msg_id), sent }));
    if (entry.op === undefined) this.#alive = [...this.#alive, { msg_id, edits: [] }].slice(-MOST_ALIVE);
    if (entry.op === "delete") this.#alive = this.#alive.filter(({ msg_id }) => msg_id !== entry.ref);
  }

  async #compare(client: Connection, site: Site): Promise<void> {
    const fault = (what: string) => site.fault(`changer: ${what}`);
    const log = changesIn(this.#log);
    for (let after = 0; after <= log.length; ) {
      const was = this.#acked.slice(after, after + PAGE).map((acked) => site.ledger.fateOf(acked));
      const query = { room_id: CHANGED, after, limit: PAGE, versions: true };
      const page = await client.call("media/room/msglog_get", query);
      for (const [i, message] of page.entries()) {
        const entry = log[after + i];
        if (!entry) return fault("the log has more than was asked for");
        const isGone = goneIn(message);
        const [due, is] = [expected(entry, log, isGone), shownIn(message)];
        if (!isDeepStrictEqual(due, is))
          return fault(`entry ${entry.msg_id} is ${JSON.stringify(is)}, not ${JSON.stringify(due)}`);
        const fate = this.#fateOf(site, entry.msg_id);
        if (isGone(entry.msg_id) ? fate === "kept" : was[i] === "gone")
          return fault(`entry ${entry.msg_id} is ${JSON.stringify(is)}, and its body is ${fate}`);
      }
      if (page.length === 0) break;
      after += page.length;
      if (after === log.length) break;
    }
    const { last_id } = await client.call("media/room/msglog_info", { room_id: CHANGED });
    if (last_id !== log.length) return fault(`the log has ${last_id} entries, not ${log.length}`);
    for (const { msg_id } of log.slice(-SOUGHT)) await this.#search(client, site, { msg_id, log });
  }

  /** A word is found in the message that has it now (M18). */
  async #search(
    client: Connection,
    site: Site,
    { msg_id, log }: { readonly msg_id: number; readonly log: readonly Changed[] },
  ): Promise<void> {
    const query = { room_id: CHANGED, search: wordOf(msg_id), limit: SOUGHT };
    const found = (await client.call("media/room/msglog_get", query)).map((one) => one.msg_id);
    site.count("searches");
    const { op, ref = 0, edits } = log[msg_id - 1] as Changed;
    const holder = log[(op === "edit" ? ref : msg_id) - 1] as Changed;
    const isShown = op === "edit" ? holder.edits.at(-1) === msg_id : op === undefined && edits.length === 0;
    const due = isShown && holder.deletion === undefined ? [holder.msg_id] : [];
    const isKept = this.#fateOf(site, msg_id) === "kept";
    const isRight = isDeepStrictEqual(found, due) || (!isKept && found.length === 0);
    if (!isRight) site.fault(`changer: ${wordOf(msg_id)} was found in [${found}], not in [${due}]`);
  }
}

const wordOf = (msg_id: number) => `chg${msg_id}`;

/** An entry with what followed it. */
interface Changed extends Entry {
  readonly msg_id: number;
  /** Of a message. */
  readonly edits: number[];
  /** Of a message and of its edits. */
  deletion: number | undefined;
}

function changesIn(entries: readonly Entry[]): readonly Changed[] {
  const log = entries.map(
    (entry, i): Changed => ({ ...entry, msg_id: i + 1, edits: [], deletion: undefined }),
  );
  const target = ({ ref = 0 }: Entry) => log[ref - 1] as Changed;
  for (const entry of log) if (entry.op === "edit") target(entry).edits.push(entry.msg_id);
  for (const entry of log) if (entry.op === "delete") target(entry).deletion = entry.msg_id;
  for (const entry of log) if (entry.op === "edit") entry.deletion = target(entry).deletion;
  return log;
}

/** What readers have to see of an entry. */
function expected(entry: Changed, log: readonly Changed[], isGone: (msg_id: number) => boolean): object {
  const { msg_id, op, ref, edits, deletion } = entry;
  const bodyOf = (id: number) => (isGone(id) ? {} : (log[id - 1] as Changed).msg);
  const newest = edits.at(-1);
  const wording = (id: number) => ({
    msg_id: id,
    user_id: CHANGER,
    msg: bodyOf(id),
    ...(isGone(id) && { erased: true }),
  });
  const isErased = isGone(msg_id) || (!deletion && newest !== undefined && isGone(newest));
  const isChanged = op === undefined && (newest ?? deletion) !== undefined;
  const $log = {
    ...(op && { op }),
    ...(ref !== undefined && { ref }),
    ...(newest && !deletion && { edited: { msg_id: newest, user_id: CHANGER } }),
    ...(deletion && { deleted: { msg_id: deletion, user_id: CHANGER, ...bodyOf(deletion) } }),
    ...(isErased && { erased: true }),
    ...(isChanged && { versions: [msg_id, ...edits].map(wording) }),
  };
  return { msg_id, body: deletion ? {} : bodyOf(newest ?? msg_id), $log };
}

/** Of which entries the body is gone, as far as a message shows it. */
function goneIn({ msg_id, $log = {} }: StoredMessage): (msg_id: number) => boolean {
  const { versions = [], deleted, erased } = $log;
  const gone = new Map<number, boolean>([
    [msg_id, erased === true],
    ...versions.map((version): [number, boolean] => [version.msg_id, version.erased === true]),
  ]);
  if (deleted) gone.set(deleted.msg_id, deleted.reason === undefined);
  return (id) => gone.get(id) ?? false;
}

/** The same of what came, without times and sessions. */
function shownIn(message: StoredMessage): object {
  const { msg_id, user_id: _, session_id: __, timestmap: ___, $log = {}, ...body } = message;
  return {
    msg_id,
    body,
    $log: JSON.parse(JSON.stringify($log, (key, value) => (key === "timestmap" ? undefined : value))),
  };
}
