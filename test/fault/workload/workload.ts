import { CallError, ConnectionLost } from "@roomlog/client";
import type { HistoryRecord } from "roomlog/testing";
import type { Random } from "../frame/random.ts";
import { within } from "../frame/within.ts";
import { Changer } from "./changer.ts";
import { type Actor, gone, login, MOST_CALLS, rooms, type Site, seen, UNKNOWN } from "./connect.ts";
import { Follower, followers } from "./follower.ts";
import { beginLateAnswerer } from "./late-answerer.ts";
import { Listener, listeners } from "./listener.ts";
import { beginPager } from "./pager.ts";
import { Sender } from "./sender.ts";

/** Everybody's work on one life of the server. */
export interface Life {
  /** Resolves when all have noticed that the server is gone, or have left. */
  readonly ended: Promise<void>;
  /** Waits for that, but not for ever. */
  noticed(): Promise<void>;
  /** Everybody finishes and goes. */
  leave(): Promise<void>;
}

export interface WorkloadOptions {
  readonly random: Random;
  readonly record: (line: HistoryRecord) => void;
  /** Close codes beside the sudden end that are to be expected. */
  readonly closes: readonly number[];
  /** Told what is wrong beside the history. */
  readonly fault: (what: string) => void;
}

/** Who else is there. */
export interface Company {
  readonly lateAnswerers?: number;
  /** Subscribers of the program's own. */
  readonly others?: readonly { begin(site: Site): Promise<Actor> }[];
}

export const subscribers = [...listeners, ...followers];

const SENDERS = 4;
/** Clients have this long to notice that the server is gone. */
const NOTICE_LIMIT_MS = 30_000;
const LEAVE_LIMIT_MS = 120_000;
const ROOM_EXISTS = 304002;

/** Senders, subscribers, a pager and somebody who changes messages, who remember from one life of the server to the next how far they came. */
export class Workload {
  readonly #options: WorkloadOptions;
  readonly #tips = new Map<string, number>();
  readonly #senders: readonly Sender[];
  readonly #changer: Changer;
  readonly #listeners = listeners.map((name) => new Listener(name));
  readonly #followers: readonly Follower[];

  constructor(options: WorkloadOptions) {
    this.#options = options;
    this.#senders = Array.from(
      { length: SENDERS },
      (_, n) => new Sender(`sender ${n + 1}`, options.random.fork()),
    );
    this.#changer = new Changer(options.random.fork());
    this.#followers = followers.map((name) => new Follower(name, options.random.fork()));
  }

  /** Starts everybody at once: subscriptions begin while messages flow. Resolves when all are at work. */
  async begin(url: string, { lateAnswerers = 0, others = [] }: Company = {}): Promise<Life> {
    const site = this.#site(url);
    const present = (actor: Promise<Actor>) => actor.catch((error: unknown) => cameTooLate(error, site));
    const all = (actors: readonly Promise<Actor>[]) => Promise.all(actors.map(present));
    await present(createRooms(url));
    const late = Array.from({ length: lateAnswerers }, (_, n) =>
      beginLateAnswerer(site, `late answerer ${n + 1}`),
    );
    const [workers, subscribers] = await Promise.all([
      all([
        ...this.#senders.map((sender) => sender.begin(site)),
        this.#changer.begin(site),
        beginPager(site),
      ]),
      all([...[...this.#listeners, ...this.#followers, ...others].map((one) => one.begin(site)), ...late]),
    ]);
    return lifeOf(workers, subscribers);
  }

  /** Reads every room from its first message to its last. */
  async readAll(url: string): Promise<void> {
    for (const room of rooms) await readRoom(url, room, this.#options.record);
  }

  #site(url: string): Site {
    return { ...this.#options, url, random: this.#options.random.fork(), tips: this.#tips };
  }
}

const nobody: Actor = { ended: Promise.resolve(), leave: async () => {} };

/** Who finds the server ending has nothing to do there. */
function cameTooLate(error: unknown, site: Site): Actor {
  if (error instanceof ConnectionLost)
    return { ...nobody, ended: gone({ closed: Promise.resolve(error) }, site) };
  if (error instanceof CallError && error.code === UNKNOWN) return nobody;
  throw error;
}

function lifeOf(workers: readonly Actor[], subscribers: readonly Actor[]): Life {
  const ended = Promise.all([...workers, ...subscribers].map((actor) => actor.ended)).then(() => {});
  // Whoever waits for it learns of it; nobody has to.
  ended.catch(() => {});
  return {
    ended,
    noticed: () => within(NOTICE_LIMIT_MS, ended, "the clients to notice the end of the server"),
    async leave() {
      await within(LEAVE_LIMIT_MS, allLeave(workers), "the senders to leave");
      await within(LEAVE_LIMIT_MS, allLeave(subscribers), "the subscribers to leave");
      await ended;
    },
  };
}

async function allLeave(actors: readonly Actor[]): Promise<void> {
  await Promise.all(actors.map((actor) => actor.leave()));
}

async function createRooms(url: string): Promise<Actor> {
  const client = await login(url, "founder");
  for (const room_id of rooms) {
    await client.call("media/room/create", { class: "chat", room_id }).catch((error: unknown) => {
      if (!(error instanceof CallError && error.code === ROOM_EXISTS)) throw error;
    });
  }
  await client.close();
  return nobody;
}

async function readRoom(url: string, room: string, record: WorkloadOptions["record"]): Promise<void> {
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
