import { CallError, type Connection, ConnectionLost } from "@roomlog/client";
import type { HistoryRecord, Seen } from "roomlog/testing";
import type { Random } from "../frame/random.ts";
import { within } from "../frame/within.ts";
import { CHANGED, CHANGER, Changer } from "./changer.ts";
import { type Actor, gone, login, MOST_CALLS, rooms, type Site, seen, UNKNOWN } from "./connect.ts";
import { Eraser } from "./eraser.ts";
import { Follower, followers } from "./follower.ts";
import { beginLateAnswerer } from "./late-answerer.ts";
import { Ledger } from "./ledger.ts";
import { Listener, listeners } from "./listener.ts";
import { Marker } from "./marker.ts";
import { beginPager } from "./pager.ts";
import { Searcher, searchAll } from "./searcher.ts";
import { Sender, senderName } from "./sender.ts";

/** Everybody's work on one life of the server. */
export interface Life {
  /** Resolves when all have noticed that the server is gone, or have left. */
  readonly ended: Promise<void>;
  /** Resolve when the erasure of somebody has begun, and when one is complete. */
  readonly erasing: Promise<void>;
  readonly erased: Promise<void>;
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
  /** Counts for the summary. */
  readonly count: (figure: string, by?: number) => void;
}

/** Who else is there. */
export interface Company {
  readonly lateAnswerers?: number;
  /** Whether somebody is erased at once. */
  readonly erases?: boolean;
  /** Subscribers of the program's own. */
  readonly others?: readonly { begin(site: Site): Promise<Actor> }[];
}

export const subscribers = [...listeners, ...followers];

const SENDERS = 4;
const senders = Array.from({ length: SENDERS }, (_, n) => n + 1);
/** They set marks; one of them sends, too. */
const markers = ["marker", senderName(2)] as const;
/** Clients have this long to notice that the server is gone. */
const NOTICE_LIMIT_MS = 30_000;
const LEAVE_LIMIT_MS = 120_000;
const ROOM_EXISTS = 304002;

/**
 * Senders, subscribers, and members who page, search, change, mark and erase. They remember from one life of the server to the
 * next how far they came.
 */
export class Workload {
  readonly ledger = new Ledger();
  readonly #options: WorkloadOptions;
  readonly #tips = new Map<string, number>();
  readonly #senders: readonly Sender[];
  readonly #members: readonly { begin(site: Site): Promise<Actor> }[];
  readonly #eraser: Eraser;
  readonly #listeners = listeners.map((name) => new Listener(name));
  readonly #followers: readonly Follower[];

  constructor(options: WorkloadOptions) {
    this.#options = options;
    const { random } = options;
    this.#senders = senders.map((number) => new Sender(number, random.fork(), markers[0]));
    this.#members = [
      new Changer(random.fork()),
      new Searcher(random.fork()),
      ...markers.map((user) => new Marker(user, [...rooms, CHANGED], random.fork())),
    ];
    this.#eraser = new Eraser([...senders.map(senderName), CHANGER], random.fork());
    this.#followers = followers.map((name) => new Follower(name, options.random.fork()));
  }

  /** Starts everybody at once: subscriptions begin while messages flow. Resolves when all are at work. */
  async begin(url: string, { lateAnswerers = 0, erases = false, others = [] }: Company = {}): Promise<Life> {
    const site = this.#site(url);
    const present = (actor: Promise<Actor>) => actor.catch((error: unknown) => cameTooLate(error, site));
    const all = (actors: readonly Promise<Actor>[]) => Promise.all(actors.map(present));
    await present(createRooms(url));
    const late = Array.from({ length: lateAnswerers }, (_, n) =>
      beginLateAnswerer(site, `late answerer ${n + 1}`),
    );
    const eraser = this.#eraser.begin(site, erases);
    const [workers, subscribers] = await Promise.all([
      all([
        ...this.#senders.map((sender) => sender.begin(site)),
        ...this.#members.map((member) => member.begin(site)),
        eraser,
        beginPager(site),
      ]),
      all([...[...this.#listeners, ...this.#followers, ...others].map((one) => one.begin(site)), ...late]),
    ]);
    // One that came too late erases nobody.
    const never = () => new Promise<void>(() => {});
    const erasing = eraser.then((actor) => actor.erasing, never);
    const erased = eraser.then((actor) => actor.erased, never);
    return { ...lifeOf(workers, subscribers), erasing, erased };
  }

  /** Reads every room from its first message to its last, and searches for all that is in it. */
  async readAll(url: string): Promise<void> {
    const client = await login(url, "reader");
    for (const room of rooms) {
      const messages = await readRoom(client, room, this.#options.record);
      const entries = messages.map(({ msg_id, text }) => ({ msg_id, word: String(JSON.parse(text).word) }));
      for (const number of senders)
        await searchAll(client, this.#options, { room, entries, begins: `s${number}l` });
    }
    await client.close();
  }

  #site(url: string): Site {
    return {
      ...this.#options,
      url,
      random: this.#options.random.fork(),
      tips: this.#tips,
      ledger: this.ledger,
    };
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

function lifeOf(workers: readonly Actor[], subscribers: readonly Actor[]): Omit<Life, "erasing" | "erased"> {
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

async function readRoom(
  client: Connection,
  room: string,
  record: WorkloadOptions["record"],
): Promise<Seen[]> {
  const all: Seen[] = [];
  let after = 0;
  for (let n = 0; n < MOST_CALLS; n++) {
    const page = await client.call("media/room/msglog_get", { room_id: room, after, limit: 1000 });
    const messages = page.map(seen);
    record({ kind: "page", room, after, messages });
    record({ kind: "final", room, messages });
    all.push(...messages);
    const last = messages.at(-1)?.msg_id ?? 0;
    if (last <= after) break;
    after = last;
  }
  return all;
}
