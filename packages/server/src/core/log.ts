import {
  type EventData,
  type JsonObject,
  type MessageLog,
  messageText,
  reservedNames,
  roomEvents,
} from "@roomlog/protocol";
import type { ManagedStore } from "../store/managed.ts";
import type {
  Append,
  DigestQuery,
  IndexMessages,
  Life,
  LifeKey,
  LivesQuery,
  LogDigest,
  Message,
  MessageQuery,
  Overdue,
  OverdueQuery,
  Page,
  PageText,
  PageTextQuery,
  Proof,
  Trim,
  TrimmableQuery,
  Trimmed,
} from "../store/store.ts";
import type { Clock } from "./clock.ts";
import type { Counts } from "./counts.ts";
import { wantedOf } from "./cursors.ts";
import { type LogRun, type LogSource, laneOf, type Most, type Stretch, type Subscriber } from "./delivery.ts";
import { LogErasures } from "./erasures.ts";
import { diskLow, RequestError } from "./errors.ts";
import type { Hub } from "./hub.ts";
import { JsonText, withoutMembers } from "./json-text.ts";
import type { Actor } from "./judgement.ts";
import { LogSearch } from "./log-search.ts";
import { NewestPages } from "./newest-pages.ts";
import { failureOf } from "./outcome.ts";
import { Quota } from "./quota.ts";
import type { RoomRights } from "./room-rights.ts";
import type { Rooms } from "./rooms.ts";
import { both, type Sights, type View, Views } from "./views.ts";

export interface LogParts {
  readonly service: string;
  readonly store: ManagedStore;
  readonly hub: Hub;
  readonly rooms: Rooms;
  readonly clock: Clock;
  readonly rights: RoomRights;
  /** Whether the disk is nearly full (Q9). */
  readonly isDiskLow: () => boolean;
  readonly counts: Counts;
}

export interface LogOptions {
  /** The name of the server's time in a message (M2). */
  readonly time_field: "timestmap" | "timestamp";
  /** Most bytes of messages that the service keeps (Q8). */
  readonly max_bytes_total?: number | undefined;
  /** Messages that a filter examines at most for one page (M8). */
  readonly max_scan: number;
  /** Whether messages can be searched (M18). */
  readonly search: boolean;
}

/** An entry to be stored, and who sends it. */
export type Sent = Omit<Append, "kind" | "service" | "timestmap" | "prove">;

/** `others`: it changes a message of somebody else. */
export type AppendOutcome =
  | { readonly msg_id: number; readonly duplicate?: true; readonly others?: true }
  | RequestError;

/** A new entry; what proves it is known when somebody wanted digests while it was on its way (M23). */
interface Untold extends Message {
  readonly proof: Proof | undefined;
}

/** Who wants to do what needs `right` to a log. */
interface Asks {
  readonly who: Actor;
  readonly right: string;
}

export type PageQuery = Omit<MessageQuery, "service" | "versions" | "view" | "max_scan"> & {
  readonly versions?: boolean;
};

/** A page as the text of a JSON list. */
export interface LogPage {
  readonly messages: JsonText;
  readonly count: number;
  /** Whether `max_bytes` cut it short. */
  readonly cut: boolean;
  /** The last message that was examined, when `max_scan` ended the page. */
  readonly read_to: number | undefined;
}

export type StretchQuery = Pick<MessageQuery, "room_id" | "after" | "limit" | "max_bytes"> & {
  readonly epoch: string;
};

/** Messages that follow one another, as everyone sees them (M2). */
export interface LogStretch {
  /** Of the log. */
  readonly first_id: number;
  readonly messages: readonly {
    readonly msg_id: number;
    /** µs since 1970 */
    readonly timestmap: number;
    readonly text: string;
  }[];
}

/** What only some ask for: a certain part of a log, or more of each message. */
const SPECIAL = [
  "epoch",
  "after",
  "before",
  "from_time",
  "to_time",
  "user_id",
  "session_id",
  "ref",
  "refs",
  "versions",
  "digest",
  "where",
  "view",
  "search",
  "around",
] as const;

/** The name for the newest of the ended lives of a room (M12). */
const LAST = "last";

/** Messages that are told in one go: less than a usual window (M11), since a connection takes all of them or none. */
const MOST_TOLD = 64;

/** The message logs of a service's rooms. */
export class Log implements LogSource {
  /** What is erased in them (M21), and what is on hold (M22). */
  readonly erasures: LogErasures;
  readonly #parts: LogParts;
  /** Messages that are durable and have not been told yet. */
  #untold: { readonly room_id: string; readonly epoch: string; readonly messages: Untold[] } | undefined;
  readonly #newest = new NewestPages();
  readonly #search: LogSearch;
  /** Bytes of the messages' text, those on their way into the store among them. */
  readonly #quota = new Quota(undefined);
  readonly #views = new Views();
  #timeField = "timestmap";
  #maxScan = 0;
  #reserved: ReadonlySet<string> = new Set(reservedNames);

  constructor(parts: LogParts, options: LogOptions) {
    this.#parts = parts;
    this.#search = new LogSearch(parts);
    const shrunk = (room_id: string, bytes: number) => {
      this.#newest.changed(room_id);
      this.#quota.give(bytes);
    };
    this.erasures = new LogErasures({ ...parts, shrunk });
    this.update(options);
    parts.rooms.onEnded((room_id) => this.#newest.changed(room_id));
  }

  /** Counts what is stored. Called once, before anything is appended. */
  async start(): Promise<void> {
    const { service, store } = this.#parts;
    this.#quota.start((await store.usage({ service })).bytes);
    this.#search.start();
  }

  /** Bytes of messages' text that are stored, of ended lives too (Q8). */
  get bytes(): number {
    return this.#quota.held;
  }

  /** The part of a query that reads what a view lets through (M8, M17). */
  seenBy(view: View): Pick<MessageQuery, "where" | "max_scan"> {
    return view === undefined ? {} : { where: view, max_scan: this.#maxScan };
  }

  /** Goes on with other options (S4). */
  update({ time_field, max_bytes_total, max_scan, search }: LogOptions): void {
    this.#maxScan = max_scan;
    this.#search.on = search;
    this.#quota.limit = max_bytes_total;
    this.#timeField = time_field;
    this.#newest.clear();
    this.#reserved = new Set(reservedNames.map((name) => (name === "timestmap" ? time_field : name)));
  }

  /**
   * Stores an entry (`msg`: a JSON object as it was received) and gives it the next id of its room. `settle` is
   * called when it is durable (M4), then everyone who listens gets the event (E7, M5); a repeated send stores and
   * tells nothing (M9). Fails with 304001 (no such room), 304106 (another life), 304105 (outcome unknown), 304109 (no
   * space, Q8, Q9); 304110, 100030 and 100050 for what it refers to or changes (M15, M16).
   */
  append(sent: Sent, settle: (outcome: AppendOutcome) => void): void {
    const { service, store, hub, rooms, clock, counts } = this.#parts;
    const { room_id, epoch, user_id, session_id, client_msg_id, ref, change, mentions } = sent;
    const msg = withoutMembers(sent.msg, this.#reserved);
    const bytes = Buffer.byteLength(msg);
    const refusal = this.#refusal(bytes);
    if (refusal) return settle(refusal);
    const timestmap = clock.wall();
    const write: Append = {
      kind: "append",
      service,
      room_id,
      epoch,
      user_id,
      session_id,
      client_msg_id,
      timestmap,
      msg,
      ref,
      change,
      mentions,
      prove: hub.wantsDigests(room_id),
    };
    store.write(write, (outcome) => {
      if (outcome.kind !== "appended") this.#quota.give(bytes);
      if (outcome.kind === "appended" || outcome.kind === "duplicate") rooms.touch(room_id);
      if (outcome.kind === "duplicate") {
        counts.repeats += 1;
        return settle({ msg_id: outcome.msg_id, duplicate: true });
      }
      if (outcome.kind === "refused" && outcome.reason === "too_many_edits")
        return settle(
          new RequestError(100050, { limit: change?.most_edits ?? 0, setting: "msglog.max_edits" }),
        );
      if (outcome.kind !== "appended") return settle(failureOf(outcome) ?? new RequestError(100002));
      counts.sends += 1;
      this.#newest.changed(room_id);
      const { msg_id, timestmap, proof, others } = outcome;
      const log = logOf(sent);
      this.#tell(room_id, outcome.epoch, {
        msg_id,
        user_id,
        session_id,
        timestmap,
        msg,
        ...(log && { log }),
        proof,
      });
      settle({ msg_id, ...(others && { others }) });
    });
  }

  /**
   * A page (M6, M8, M18), of what `who` may read (R11, M17). Throws 304001 when there is no such room, 304106 when it has no
   * such life, 100030 when it is not for him, 304110 when a message that it names is not there; for a search see `LogSearch`.
   */
  async page(asked: PageQuery, who: Actor): Promise<LogPage> {
    const { versions = false, ...query } = asked;
    const { rooms, rights } = this.#parts;
    this.#search.check(query.search);
    const key = await this.#lifeKey(query);
    const readable = await rights.firstReadable(who, key);
    const narrowed = readable > 1 ? { after: Math.max(query.after ?? 0, readable - 1) } : {};
    const view = await rights.viewInLife(who, key);
    const filters = view === undefined ? this.seenBy(query.where) : { view, max_scan: this.#maxScan };
    const wordings = versions ? { versions: await this.#wordingsFor(who, key) } : {};
    const exact = { ...query, ...key, ...narrowed, ...filters, ...wordings };
    const page = await this.#text({ ...exact, time_field: this.#timeField });
    if (!page) throw await this.#notFound(key);
    if ((await rights.viewInLife(who, key)) !== view) return this.page(asked, who);
    const named = [query.around, query.search?.ranked?.after];
    if (page.missing || named.some((id) => id !== undefined && id < readable)) throw new RequestError(304110);
    if (page.unready) throw this.#search.unready();
    if (query.epoch === undefined) {
      // Something may have changed since it was asked for.
      rights.require(who, "msglog_get", query.room_id);
      rooms.touch(query.room_id);
    }
    const { text, count, cut, read_to } = page;
    return { messages: new JsonText(text), count, cut, read_to };
  }

  /**
   * The digest of a log up to an entry (M23): of those that `who` may read (R11), or of the one before them, from which a
   * check begins. Throws as `page`; 304110 for an entry that is not kept, or not for him.
   */
  async digest(
    { at, ...life }: Omit<DigestQuery, "service">,
    who: Actor,
  ): Promise<LogDigest & { readonly digest: string }> {
    const { store, rights } = this.#parts;
    const key = await this.#lifeKey(life);
    const readable = await rights.firstReadable(who, key);
    const found = await store.digest({ ...key, at });
    if (!found) throw await this.#notFound(key);
    if (life.epoch === undefined) rights.require(who, "msglog_get", life.room_id);
    const { digest, ...where } = found;
    if (digest === undefined || (at !== undefined && at < readable - 1))
      throw new RequestError(304110, { field: "at" });
    return { ...where, digest };
  }

  /** What was deleted only who moderates the room may read (M15). */
  async #wordingsFor(who: Actor, key: LifeKey): Promise<"kept" | "all"> {
    const { rights } = this.#parts;
    const isModerator =
      key.epoch === undefined
        ? rights.may(who, "room_moderate", key.room_id)
        : await rights.mayInLife(who, "room_moderate", key);
    return isModerator ? "all" : "kept";
  }

  /** Where a log stands (M12). Throws 304001, 304106; also when it is not for `who` to do to it what needs `right` (R8). */
  async life(query: Omit<LifeKey, "service">, { who, right }: Asks): Promise<Life> {
    const key = await this.#lifeKey(query);
    if (query.epoch !== undefined && !(await this.#parts.rights.mayInLife(who, right, key)))
      throw await this.#notFound(key);
    const life = await this.#parts.store.life(key);
    if (!life) throw await this.#notFound(key);
    return life;
  }

  /**
   * The ended lives of a room that `who` may read, the newest first (M12). Throws 304001 when there never was such a
   * room, 304106.
   */
  async endedLives(query: Omit<LivesQuery, "service">, who: Actor): Promise<Life[]> {
    const lives: Life[] = [];
    for (let before = query.before; ; ) {
      const page = await this.#livesBefore({ ...query, ...(before !== undefined && { before }) });
      for (const life of page)
        if (await this.#parts.rights.mayInLife(who, "msglog_get", { ...query, epoch: life.epoch }))
          lives.push(life);
      before = page.at(-1)?.epoch;
      if (page.length < query.limit || lives.length >= query.limit) return lives.slice(0, query.limit);
    }
  }

  async #livesBefore(query: Omit<LivesQuery, "service">): Promise<Life[]> {
    const { service, store } = this.#parts;
    const { room_id, before } = query;
    const key = { service, room_id, ...(before !== undefined && { epoch: before }) };
    if (before !== undefined && !(await store.life(key))) throw await this.#notFound(key);
    const lives = await store.endedLives({ service, ...query });
    if (lives.length > 0 || before !== undefined || (await store.room({ service, room_id }))) return lives;
    // Its first life may have ended between the two looks.
    const now = await store.endedLives({ service, ...query });
    if (now.length === 0) throw new RequestError(304001);
    return now;
  }

  /**
   * Drops a slice of a log from its low end (M13): what stands below `before`, or what the bounds do not allow.
   * Rejects with 304106 when there is no such life any more, 304111 while it is on hold, 304105 when the store has failed.
   */
  trim(trim: Omit<Trim, "kind" | "service">): Promise<Trimmed> {
    const { service, store } = this.#parts;
    return new Promise((resolve, reject) => {
      store.write({ kind: "trim", service, ...trim }, (outcome) => {
        this.#newest.changed(trim.room_id);
        if (outcome.kind === "trimmed") {
          this.#quota.give(outcome.bytes);
          resolve(outcome);
        } else reject(failureOf(outcome) ?? new RequestError(100002));
      });
    });
  }

  /** What `trim` would drop, in all. Throws 304106 when there is no such life any more. */
  async trimmable(trim: Omit<TrimmableQuery, "service" | "counted">): Promise<Trimmed> {
    const { service, store } = this.#parts;
    let counted = { messages: 0, bytes: 0 };
    for (;;) {
      const slice = await store.trimmable({ service, ...trim, counted });
      if (!slice) throw new RequestError(304106);
      counted = { messages: counted.messages + slice.messages, bytes: counted.bytes + slice.bytes };
      if (!slice.more) return { ...slice, ...counted };
    }
  }

  /** A slice of the service's lives that have something to trim. */
  overdue(query: Omit<OverdueQuery, "service">): Promise<Overdue> {
    return this.#parts.store.overdue({ service: this.#parts.service, ...query });
  }

  /** Indexes a slice of what is not indexed yet (M18); where the next one begins, undefined when nothing is left. */
  index(slice: Omit<IndexMessages, "kind" | "service">): Promise<number | undefined> {
    return this.#search.index(slice);
  }

  /** Gives a slice of free space back to the disk; whether there is more. */
  tidy(): Promise<boolean> {
    return this.#parts.store.tidy();
  }

  /** What follows an id, for whom nobody judges; undefined when there is no such life, or its log is not kept. */
  async stretch(query: StretchQuery): Promise<LogStretch | undefined> {
    const { service, store } = this.#parts;
    const page = await store.messages({ service, order: "asc", ...query });
    if (!page) return undefined;
    const messages = page.messages.map((message) => {
      const { msg_id, timestmap } = message;
      return { msg_id, timestmap, text: this.textOf(message).text };
    });
    return { first_id: page.first_id, messages };
  }

  isWanted(subscriber: Subscriber, room_id: string): boolean {
    return this.#parts.hub.listens(subscriber, messageEvent(room_id), { isLog: true });
  }

  async read(subscriber: Subscriber, stretch: Stretch, most: Most): Promise<LogRun | undefined> {
    const { room_id, epoch, from, to } = stretch;
    const { hub, store, service, rooms, rights } = this.#parts;
    const wantedNow = () => {
      const { where, digest } = wantedOf(hub, subscriber, room_id) ?? {};
      return { view: both(where, rights.views(room_id)(subscriber)), digest };
    };
    const { view, digest } = wantedNow();
    const dropped = (first_id: number) => ({
      first_id,
      frame: hub.frameFor(subscriber, droppedEvent(room_id, { epoch, first_id })),
    });
    const page = await store.messages({
      service,
      room_id,
      epoch,
      after: from - 1,
      before: to + 1,
      order: "asc",
      limit: most.events,
      max_bytes: most.bytes,
      ...(digest && { digest }),
      ...this.seenBy(view),
    });
    if (!rights.hears("msglog_get", room_id)(subscriber)) return undefined;
    const now = wantedNow();
    if (now.view !== view || now.digest !== digest) return this.read(subscriber, stretch, most);
    // Forgotten by retention, or never to be kept: then `destroyed` is all that comes.
    if (!page) return rooms.keepLogs ? { dropped: dropped(to + 1), events: [] } : undefined;
    const encode = hub.encoderFor(subscriber, messageEvent(room_id), { isLog: true });
    const events = page.messages.map((message) => ({
      msg_id: message.msg_id,
      frame: encode(this.textOf(message)),
    }));
    const { first_id } = page;
    const looked = view === undefined ? {} : { read_to: readTo(page, most.events) ?? to };
    if (first_id <= from) {
      if (events.length === 0 && view === undefined)
        throw new Error(`messages ${from} to ${to} of a room are not in its log`);
      return { events, ...looked };
    }
    return { dropped: dropped(first_id), events, ...looked };
  }

  /** Why `bytes` more cannot be stored. When they can, they count from now on. */
  #refusal(bytes: number): RequestError | undefined {
    if (this.#parts.isDiskLow()) return diskLow();
    const { limit } = this.#quota;
    if (this.#quota.take(bytes) || limit === undefined) return undefined;
    return new RequestError(304109, { limit, setting: "msglog.max_bytes_total" });
  }

  /** The messages of one room that one commit made durable are told together, behind the answers to their senders (E7). */
  #tell(room_id: string, epoch: string, message: Untold): void {
    const { hub } = this.#parts;
    const before = this.#untold;
    const isOther = before?.room_id !== room_id || before.epoch !== epoch;
    if (isOther || before.messages.length === MOST_TOLD) hub.flush();
    this.#untold ??= { room_id, epoch, messages: [] };
    this.#untold.messages.push(message);
    hub.defer(this.#tellAll);
  }

  readonly #tellAll = (): void => {
    if (!this.#untold) return;
    const { room_id, epoch, messages } = this.#untold;
    const { hub, service, rooms, rights } = this.#parts;
    this.#untold = undefined;
    const from = messages[0]?.msg_id as number;
    const to = from + messages.length - 1;
    rooms.told(room_id, to);
    let sights: Sights | undefined;
    const granted = rights.views(room_id);
    hub.publishAll(messageEvent(room_id), () => messages.map((message) => this.textOf(message)), {
      lane: laneOf(service, room_id),
      isLog: true,
      stretch: { log: this, room_id, epoch, from, to },
      hears: rights.hears("msglog_get", room_id),
      seen: (subscriber, own) => {
        const view = both(own, granted(subscriber));
        if (view === undefined) return undefined;
        sights ??= this.#views.sights(messages);
        return sights.of(view);
      },
      proven: () => {
        const texts = messages.flatMap((message) => this.#provenText(message) ?? []);
        return texts.length === messages.length ? texts : undefined;
      },
    });
  };

  /** Who names nothing but how much he wants gets a page that others may have asked for too. */
  async #text(query: PageTextQuery): Promise<PageText | undefined> {
    const read = () => this.#parts.store.pageText(query);
    if (SPECIAL.some((field) => query[field] !== undefined)) return read();
    const { room_id, order, limit, max_bytes } = query;
    const page = await this.#newest.get(room_id, `${order} ${limit} ${max_bytes}`, read);
    // Shared with somebody who asked when there was no such room yet.
    return page ?? read();
  }

  /** `"last"` stands for the newest ended life. */
  async #lifeKey({ room_id, epoch }: Omit<LifeKey, "service">): Promise<LifeKey> {
    const { service, store } = this.#parts;
    if (epoch === undefined) return { service, room_id };
    if (epoch !== LAST) return { service, room_id, epoch };
    const [newest] = await store.endedLives({ service, room_id, limit: 1 });
    return { service, room_id, epoch: newest?.epoch ?? LAST };
  }

  /** 304001 when no life of the room is known, 304106 when only this one is not. */
  async #notFound({ service, room_id, epoch }: LifeKey): Promise<RequestError> {
    const { store } = this.#parts;
    if (epoch === undefined) return new RequestError(304001);
    const known =
      (await store.room({ service, room_id })) ?? (await store.endedLives({ service, room_id, limit: 1 }))[0];
    return new RequestError(known ? 304106 : 304001);
  }

  /** A new entry for who wants digests (M23): its body is the one that was sent. */
  #provenText({ proof, ...message }: Untold): JsonText | undefined {
    return (
      proof && this.textOf({ ...message, log: { ...message.log, digest: proof.digest, salt: proof.seal } })
    );
  }

  /** A message as everyone sees it (M2). */
  textOf(message: Message): JsonText {
    return new JsonText(messageText(message.msg, message, this.#timeField, message.log));
  }
}

/** Up to where a page of a log was read; undefined when up to the end of what was asked for. */
export function readTo({ messages, cut, read_to }: Page, limit: number): number | undefined {
  return cut || messages.length === limit ? messages.at(-1)?.msg_id : read_to;
}

/** What `$log` of an entry says when it is new; undefined of most. */
function logOf({ ref, change, mentions }: Sent): MessageLog | undefined {
  if (ref === undefined && mentions === undefined) return undefined;
  return {
    ...(change && { op: change.op }),
    ...(ref !== undefined && { ref }),
    ...(mentions && { mentions }),
  };
}

/** M5 */
export function messageEvent(obj_id: string): EventData {
  return { class: "media", subclass: "room", type: roomEvents.msglog_new_msg, obj_id };
}

/** M13 */
function droppedEvent(obj_id: string, body: JsonObject): EventData {
  return { class: "media", subclass: "room", type: roomEvents.msglog_dropped, obj_id, body };
}
