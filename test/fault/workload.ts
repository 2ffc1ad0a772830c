import { CallError, Client, type ClientOptions, ConnectionLost } from "@roomlog/client";
import type { CommandData, StoredMessage } from "@roomlog/protocol";
import type { HistoryRecord, Seen } from "roomlog/testing";
import type { Random } from "./random.ts";

/** One life of the server and what is done to it. */
export interface Life {
  readonly number: number;
  readonly url: string;
  readonly random: Random;
  /** The greatest id known of each room; lives on from one life to the next. */
  readonly tips: Map<string, number>;
  readonly record: (line: HistoryRecord) => void;
}

/** Somebody at work; `ended` resolves when the server is gone, and rejects when it closed the connection. */
interface Actor {
  readonly ended: Promise<unknown>;
}

type Pattern = CommandData<"core/event/subscribe">;

export const rooms = ["one", "two", "three"] as const;

const SENDERS = 4;
const IN_FLIGHT = 8;
/** More than anybody gets done in one life. */
const MOST_CALLS = 100_000;
const LARGEST_PAGE = 100;
/** What a socket says when the other side vanished (RFC 6455 §7.1.5). */
const VANISHED = 1006;

/** What each subscriber listens to. */
const subscriptions: Readonly<Record<string, readonly Pattern[]>> = {
  "listener of one room": [{ class: "media", subclass: "room", obj_id: "one" }],
  "listener of two rooms": [
    { class: "media", subclass: "room", obj_id: "one" },
    { class: "media", subclass: "room", type: "msglog_new_msg", obj_id: "two" },
  ],
  "listener of all rooms": [{ class: "media" }],
};

export const subscribers = Object.keys(subscriptions);

/** Characters that storing and framing could damage. */
const samples = ["", "plain ", '"\\/', "\u0000\n", "é𝄞", "\ud800", "</script>"] as const;

export async function createRooms(url: string): Promise<void> {
  const client = await login(url, "founder");
  for (const room_id of rooms) await client.call("media/room/create", { class: "chat", room_id });
  await client.close();
}

/** Starts everybody at once: subscriptions begin while messages flow. Resolves when all are at work. */
export async function startWorkload(life: Life): Promise<Actor> {
  const own = () => ({ ...life, random: life.random.fork() });
  const actors = await Promise.all([
    ...Array.from({ length: SENDERS }, (_, n) => sender(own(), `sender ${n + 1}`)),
    ...Object.entries(subscriptions).map(([name, patterns]) => subscriber(life, name, patterns)),
    pager(own()),
  ]);
  return { ended: Promise.all(actors.map(({ ended }) => ended)) };
}

/** Reads a room from its first message to its last. */
export async function readAll(url: string, room: string, record: Life["record"]): Promise<void> {
  const client = await login(url, "reader");
  let after = 0;
  for (let n = 0; n < MOST_CALLS; n++) {
    const page = await client.call("media/room/msglog_get", { room_id: room, after, limit: 1000 });
    const messages = page.map(seen);
    record({ kind: "page", room, after, messages });
    record({ kind: "final", room, messages });
    const last = messages.at(-1)?.msg_id ?? 0;
    if (last <= after) break;
    after = last;
  }
  await client.close();
}

async function login(url: string, user: string, options?: ClientOptions): Promise<Client> {
  const client = await Client.connect(url, options);
  await client.call("core/user/login", { user });
  return client;
}

function atWork(client: Client, work?: Promise<unknown>): Actor {
  const vanished = client.closed.then(({ code, reason }) => {
    if (code !== VANISHED) throw new Error(`the server closed a connection: ${code} ${reason}`);
  });
  return { ended: Promise.all([work, vanished]) };
}

async function sender(life: Life, name: string): Promise<Actor> {
  const client = await login(life.url, name);
  const lanes = Array.from({ length: IN_FLIGHT }, (_, n) =>
    lane({ life, client, name: `${name}.${n + 1}`, random: life.random.fork() }),
  );
  return atWork(client, Promise.all(lanes));
}

interface Lane {
  readonly life: Life;
  readonly client: Client;
  readonly name: string;
  readonly random: Random;
}

/** One send after the other. */
async function lane(of: Lane): Promise<void> {
  for (let n = 1; n <= MOST_CALLS; n++) {
    const id = `${of.life.number}.${of.name}.${n}`;
    const lives = await send(of, id);
    if (!lives) return;
  }
}

/** Whether the connection lives on. */
async function send({ life, client, name, random }: Lane, id: string): Promise<boolean> {
  const room = random.pick(rooms);
  const msg = { id, body: random.pick(samples).repeat(random.int(1, 40)) };
  life.record({ kind: "invoke", room, client: name, id, text: JSON.stringify(msg) });
  try {
    const { msg_id } = await client.call("media/room/msglog_send", { room_id: room, msg });
    life.record({ kind: "ok", id, msg_id });
    life.tips.set(room, Math.max(life.tips.get(room) ?? 0, msg_id));
    return true;
  } catch (error) {
    life.record(failure(id, error));
    return !(error instanceof ConnectionLost);
  }
}

/** M4: an error means that nothing was stored, save 304105, which like a lost connection says nothing. */
function failure(id: string, error: unknown): HistoryRecord {
  if (error instanceof ConnectionLost) return { kind: "unknown", id };
  if (!(error instanceof CallError)) throw error;
  return error.code === 304105 ? { kind: "unknown", id } : { kind: "error", id, code: error.code };
}

async function subscriber(life: Life, name: string, patterns: readonly Pattern[]): Promise<Actor> {
  const client = await login(life.url, name, {
    onEvent({ type, obj_id: room = "", body }) {
      if (type !== "msglog_new_msg") return;
      const message = seen(body as StoredMessage);
      life.record({ kind: "event", subscriber: name, connection: life.number, room, ...message });
    },
  });
  for (const pattern of patterns) await client.call("core/event/subscribe", pattern);
  return atWork(client);
}

async function pager(life: Life): Promise<Actor> {
  const client = await login(life.url, "pager");
  return atWork(client, readWindows(client, life));
}

/** Random windows, also ones that reach beyond the end. */
async function readWindows(client: Client, { random, tips, record }: Life): Promise<void> {
  for (let n = 0; n < MOST_CALLS; n++) {
    const room = random.pick(rooms);
    const after = random.int(0, (tips.get(room) ?? 0) + 1);
    const limit = random.int(1, LARGEST_PAGE);
    try {
      const page = await client.call("media/room/msglog_get", { room_id: room, after, limit });
      record({ kind: "page", room, after, messages: page.map(seen) });
    } catch (error) {
      if (error instanceof ConnectionLost) return;
      throw error;
    }
  }
}

/** What a client sent, apart from what the server added. */
function seen(message: StoredMessage): Seen {
  const { msg_id, user_id, session_id, timestmap, $log, ...sent } = message;
  return { msg_id, id: String(sent.id), text: JSON.stringify(sent), timestmap };
}
