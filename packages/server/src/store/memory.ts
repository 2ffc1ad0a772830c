import { changedAccess, type RoomInfo } from "@roomlog/protocol";
import type { Entry } from "./entries.ts";
import { isOfOthers, markChanged, neighboursIn, refusalOf } from "./memory-changes.ts";
import { MemoryDigests } from "./memory-digests.ts";
import { MemoryErasures } from "./memory-erasures.ts";
import { byCodePoint, markSent, marksOf, setMark, unreadIn } from "./memory-marks.ts";
import { addSchema, newestSchemas, schemasOf } from "./memory-schemas.ts";
import { searched } from "./memory-search.ts";
import { MemoryWebhooks } from "./memory-webhooks.ts";
import { pageOf } from "./page-of.ts";
import { textOf } from "./page-text.ts";
import { isForgotten, isStale, type LogState, sliceOf } from "./retention.ts";
import { withOwn } from "./room-info.ts";
import type {
  Append,
  Authored,
  AuthoredQuery,
  BehindQuery,
  ChangeAccess,
  CreateRoom,
  DeadLetter,
  DeadLettersQuery,
  DestroyRoom,
  DigestQuery,
  Erasable,
  ErasableQuery,
  Erasure,
  ErasuresQuery,
  KeptWebhook,
  Life,
  LifeKey,
  ListedRoom,
  LivesQuery,
  LogDigest,
  Mark,
  MarkedRoomsQuery,
  MarksQuery,
  MessageQuery,
  NewestSchemas,
  NewestSchemasQuery,
  Overdue,
  OverdueQuery,
  Page,
  PageText,
  PageTextQuery,
  Refusal,
  Room,
  RoomKey,
  RoomQuery,
  RoomsBehind,
  SchemaVersion,
  SetMark,
  SetMute,
  SetRole,
  SetSchema,
  SetSince,
  Standing,
  StandingQuery,
  Standings,
  StandingsQuery,
  Store,
  Trim,
  TrimmableQuery,
  Trimmed,
  Undelivered,
  UndeliveredQuery,
  Unread,
  UnreadQuery,
  UpdateRoom,
  Usage,
  UsageQuery,
  WebhooksQuery,
  Write,
  Written,
} from "./store.ts";

/** A life of a room and what is kept of its log. */
interface Kept extends RoomKey {
  /** Later lives have greater ones. */
  readonly number: number;
  readonly epoch: string;
  readonly created_at: number;
  readonly log: Entry[];
  readonly digests: MemoryDigests;
  /** Names of sends, by `nameOf`. */
  readonly names: Map<string, { readonly msg_id: number; readonly timestmap: number }>;
  info: RoomInfo;
  /** By user. */
  readonly standings: Map<string, Standing>;
  /** All versions, as they came. */
  readonly schemas: SchemaVersion[];
  /** How far users have read. */
  readonly marks: Map<string, number>;
  last_id: number;
  last_timestmap: number;
  destroyed_at?: number;
  /** Whether its log can be read. */
  kept: boolean | "by hold";
}

const done: Written = { kind: "done" };
const refused = (reason: Refusal): Written => ({ kind: "refused", reason });

/** Keeps everything in memory: for tests and trials. Nothing of it survives the process. */
export class MemoryStore implements Store {
  /** All lives, by number and so in the order in which they began. */
  readonly #lives = new Map<number, Kept>();
  /** The living ones, by service and room_id. */
  readonly #living = new Map<string, Kept>();
  readonly #webhooks = new MemoryWebhooks(this.#lives);
  readonly #erasures = new MemoryErasures(this.#lives);
  #count = 0;

  async open(): Promise<void> {}

  async commit(writes: readonly Write[]): Promise<Written[]> {
    return writes.map((write) => this.#apply(write));
  }

  async room(key: RoomKey): Promise<Room | undefined> {
    const life = this.#living.get(keyOf(key));
    return life && roomOf(life);
  }

  async rooms({ service, after, prefix = "", limit }: RoomQuery): Promise<ListedRoom[]> {
    return [...this.#living.values()]
      .filter((life) => life.service === service && life.room_id.startsWith(prefix))
      .filter(({ room_id }) => after === undefined || byCodePoint(room_id, after) > 0)
      .sort((a, b) => byCodePoint(a.room_id, b.room_id))
      .slice(0, limit)
      .map(listed);
  }

  async usage({ service }: UsageQuery): Promise<Usage> {
    const lives = [...this.#lives.values()].filter((life) => life.service === service);
    const rooms = lives.filter(({ destroyed_at }) => destroyed_at === undefined).length;
    return { rooms, bytes: lives.reduce((sum, { log }) => sum + bytesOf(log), 0) };
  }

  async life(key: LifeKey): Promise<Life | undefined> {
    const life = this.#readable(key);
    return life && this.#lifeOf(life);
  }

  async standing({ user_id, ...key }: StandingQuery) {
    const life = this.#readable(key);
    if (!life) return undefined;
    const { access } = life.info;
    return { ...(access && { access }), standing: life.standings.get(user_id) ?? {} };
  }

  /** All at once. */
  async standings({ service }: StandingsQuery): Promise<Standings> {
    const living = [...this.#living.values()].filter((life) => life.service === service);
    const standings = living.flatMap(({ room_id, standings }) =>
      Array.from(standings, ([user_id, { since_id: _, ...standing }]) => ({ room_id, user_id, standing })),
    );
    return { standings: standings.filter(({ standing: { role, muted } }) => role ?? muted), next: undefined };
  }

  async schemas(key: LifeKey): Promise<SchemaVersion[] | undefined> {
    const life = this.#readable(key);
    return life && schemasOf(life);
  }

  /** All at once. */
  async newestSchemas({ service }: NewestSchemasQuery): Promise<NewestSchemas> {
    const living = [...this.#living.values()].filter((life) => life.service === service);
    return { schemas: living.flatMap(newestSchemas), next: undefined };
  }

  async endedLives({ service, room_id, before, limit }: LivesQuery): Promise<Life[]> {
    const end =
      before === undefined ? this.#count + 1 : this.#readable({ service, room_id, epoch: before })?.number;
    return this.#livesOf({ service, room_id })
      .filter(({ kept, destroyed_at }) => kept && destroyed_at !== undefined)
      .filter(({ number }) => end !== undefined && number < end)
      .reverse()
      .slice(0, limit)
      .map((life) => this.#lifeOf(life));
  }

  async messages(query: MessageQuery): Promise<Page | undefined> {
    const life = this.#readable(query);
    if (!life) return undefined;
    const log = {
      entries: (part: MessageQuery) => selected(life.log, part),
      neighbours: neighboursIn(life.log, life.digests),
    };
    return { epoch: life.epoch, first_id: firstId(life), ...pageOf(log, query) };
  }

  async digest({ at, ...key }: DigestQuery): Promise<LogDigest | undefined> {
    const life = this.#readable(key);
    if (!life) return undefined;
    const msg_id = at ?? life.last_id;
    return { epoch: life.epoch, msg_id, digest: life.digests.upTo(msg_id) };
  }

  async pageText(query: PageTextQuery): Promise<PageText | undefined> {
    const page = await this.messages(query);
    return page && textOf(page, query.time_field);
  }

  async overdue({ service, bounds, from, most }: OverdueQuery): Promise<Overdue> {
    const slice = [...this.#lives.values()].filter(({ number }) => number >= from);
    const lives = slice
      .slice(0, most)
      .filter((life) => life.service === service && isOverdue(life, { bounds, most: 0 }))
      .filter((life) => !this.#erasures.holdOf(life))
      .map(({ room_id, epoch }) => ({ room_id, epoch }));
    return { lives, next: slice[most]?.number };
  }

  async trimmable({ counted, own, ...query }: TrimmableQuery): Promise<Trimmed | undefined> {
    const life = this.#find(query);
    if (!life) return undefined;
    const { first_id, bytes, retention, ...state } = stateOf(life);
    if (this.#erasures.holdOf(life))
      return { first_id: first_id + counted.messages, messages: 0, bytes: 0, more: false };
    const left = {
      ...state,
      retention: own ?? retention,
      first_id: first_id + counted.messages,
      bytes: bytes - counted.bytes,
    };
    return sliceOf(left, query, life.log.slice(counted.messages).map(measured));
  }

  async webhooks(query: WebhooksQuery): Promise<KeptWebhook[]> {
    return this.#webhooks.all(query);
  }

  async roomsBehind(query: BehindQuery): Promise<RoomsBehind> {
    return this.#webhooks.roomsBehind(query);
  }

  async undelivered(query: UndeliveredQuery): Promise<Undelivered | undefined> {
    return this.#webhooks.undelivered(query);
  }

  async marks({ after = "", limit, ...key }: MarksQuery): Promise<Mark[] | undefined> {
    const life = this.#living.get(keyOf(key));
    return life && marksOf(life, { after, limit });
  }

  async markedRooms({ service, user_id, after = "", limit }: MarkedRoomsQuery): Promise<string[]> {
    return [...this.#living.values()]
      .filter((life) => life.service === service && life.marks.has(user_id))
      .map(({ room_id }) => room_id)
      .filter((room_id) => byCodePoint(room_id, after) > 0)
      .sort(byCodePoint)
      .slice(0, limit);
  }

  async unread({ service, user_id, rooms }: UnreadQuery): Promise<Unread[]> {
    return rooms.flatMap(({ room_id, all }) => {
      const life = this.#living.get(keyOf({ service, room_id }));
      return life ? unreadIn(life, user_id, all) : [];
    });
  }

  async deadLetters(query: DeadLettersQuery): Promise<DeadLetter[]> {
    return this.#webhooks.deadLetters(query);
  }

  async authored(query: AuthoredQuery): Promise<Authored> {
    return this.#erasures.authored(query);
  }

  async erasable(query: ErasableQuery): Promise<Erasable | undefined> {
    return this.#erasures.erasable(query);
  }

  async erasures(query: ErasuresQuery): Promise<Erasure[]> {
    return this.#erasures.erasures(query);
  }

  async scrub(): Promise<undefined> {}

  async tidy(): Promise<boolean> {
    return false;
  }

  async close(): Promise<void> {}

  #apply(write: Write): Written {
    switch (write.kind) {
      case "create_room":
        return this.#create(write);
      case "update_room":
        return this.#update(write);
      case "change_access":
        return this.#changeAccess(write);
      case "set_role":
        return this.#setRole(write);
      case "set_mute":
        return this.#setMute(write);
      case "set_since":
        return this.#setSince(write);
      case "set_schema":
        return this.#setSchema(write);
      case "destroy_room":
        return this.#destroy(write);
      case "append":
        return this.#append(write);
      case "set_mark":
        return this.#setMark(write);
      case "trim":
        return this.#trim(write);
      case "set_search":
        return done;
      case "index_messages":
        return { kind: "indexed", next: undefined };
      case "set_webhooks":
      case "move_cursor":
      case "drop_dead_letter":
        this.#webhooks.apply(write);
        return done;
      case "set_hold":
        this.#erasures.setHold(write);
        return done;
      case "begin_erasure":
      case "erase":
      case "end_erasure":
        return this.#erasures.apply(write);
    }
  }

  #create({ service, room_id, epoch, info, created_at, owner }: CreateRoom): Written {
    const key = keyOf({ service, room_id });
    if (this.#living.has(key)) return refused("room_exists");
    const life: Kept = {
      number: ++this.#count,
      service,
      room_id,
      epoch,
      created_at,
      info: withOwn(info, { retention: info.retention, access: changedAccess(undefined, info.access ?? {}) }),
      standings: new Map(owner === undefined ? [] : [[owner, { role: "owner" }]]),
      schemas: [],
      marks: new Map(),
      log: [],
      digests: new MemoryDigests({ room_id, epoch }),
      names: new Map(),
      last_id: 0,
      last_timestmap: 0,
      kept: true,
    };
    this.#living.set(key, life);
    this.#lives.set(life.number, life);
    return done;
  }

  #update({ retention, ...key }: UpdateRoom): Written {
    const life = this.#living.get(keyOf(key));
    if (!life) return refused("room_not_found");
    life.info = withOwn(life.info, { access: life.info.access, retention });
    return done;
  }

  #changeAccess({ change, ...key }: ChangeAccess): Written {
    const life = this.#living.get(keyOf(key));
    if (!life) return refused("room_not_found");
    const { retention, access } = life.info;
    life.info = withOwn(life.info, { retention, access: changedAccess(access, change) });
    return done;
  }

  #setRole({ user_id, role, until, ...key }: SetRole): Written {
    return this.#changeStanding(key, user_id, ({ role: _, role_until: __, ...rest }) => ({
      ...rest,
      ...(role !== undefined && { role }),
      ...(until !== undefined && { role_until: until }),
    }));
  }

  #setMute({ user_id, muted, until, ...key }: SetMute): Written {
    return this.#changeStanding(key, user_id, ({ muted: _, muted_until: __, ...rest }) => ({
      ...rest,
      ...(muted && { muted }),
      ...(until !== undefined && { muted_until: until }),
    }));
  }

  #setSince({ user_id, ...key }: SetSince): Written {
    const next_id = (this.#living.get(keyOf(key))?.last_id ?? 0) + 1;
    return this.#changeStanding(key, user_id, (standing) => ({ since_id: next_id, ...standing }));
  }

  #changeStanding(key: RoomKey, user_id: string, change: (standing: Standing) => Standing): Written {
    const life = this.#living.get(keyOf(key));
    if (!life) return refused("room_not_found");
    life.standings.set(user_id, change(life.standings.get(user_id) ?? {}));
    return done;
  }

  #setSchema({ service, room_id, epoch, ...schema }: SetSchema): Written {
    const life = this.#living.get(keyOf({ service, room_id }));
    if (life?.epoch !== epoch) return refused("room_not_found");
    addSchema(life, schema);
    return done;
  }

  #destroy({ epoch, destroyed_at, keep_log, ...key }: DestroyRoom): Written {
    const life = this.#living.get(keyOf(key));
    if (!life || (epoch !== undefined && epoch !== life.epoch)) return refused("room_not_found");
    this.#webhooks.happened(life, life.last_id, Math.max(life.last_timestmap, destroyed_at));
    life.destroyed_at = destroyed_at;
    life.kept = keep_log || (this.#erasures.holdOf(life) ? "by hold" : false);
    this.#living.delete(keyOf(key));
    return done;
  }

  #append(write: Append): Written {
    const { service, room_id, epoch, user_id, session_id, client_msg_id, timestmap: time, msg } = write;
    const key = { service, room_id };
    const life = this.#living.get(keyOf(key));
    if (!life) return refused("room_not_found");
    if (epoch !== undefined && epoch !== life.epoch) return refused("epoch_not_found");
    const name = client_msg_id === undefined ? undefined : nameOf(user_id, client_msg_id);
    const first = name === undefined ? undefined : life.names.get(name);
    if (first) return { kind: "duplicate", msg_id: first.msg_id };
    const refusal = refusalOf(life.log, write, life.last_id);
    if (refusal) return refused(refusal);
    const timestmap = Math.max(time, life.last_timestmap);
    this.#webhooks.happened(life, life.last_id, timestmap);
    const msg_id = life.last_id + 1;
    const [op, ref] = [write.change?.op ?? null, write.ref ?? null];
    const mentions = write.mentions ? JSON.stringify(write.mentions) : null;
    if (!write.change) markSent(user_id, msg_id, life);
    const entry = { msg_id, user_id, session_id, timestmap, msg, op, ref, mentions };
    life.log.push({ ...entry, changed_by: null, erased: null });
    life.digests.add(entry, write.seal);
    if (write.change) markChanged(life.log, { msg_id, op, ref });
    life.last_id = msg_id;
    life.last_timestmap = timestmap;
    if (name !== undefined) life.names.set(name, { msg_id, timestmap });
    const proof = write.prove ? life.digests.of(msg_id) : undefined;
    const others = isOfOthers(life.log, write);
    const stored = { kind: "appended", epoch: life.epoch, msg_id, timestmap } as const;
    return { ...stored, ...(proof && { proof }), ...(others && { others }) };
  }

  #setMark(write: SetMark): Written {
    const life = this.#living.get(keyOf(write));
    if (!life) return refused("room_not_found");
    if (write.epoch !== undefined && write.epoch !== life.epoch) return refused("epoch_not_found");
    return setMark(write, life);
  }

  #trim(trim: Trim): Written {
    const life = this.#find(trim);
    if (!life) return refused("epoch_not_found");
    if (this.#erasures.holdOf(life)) return refused("on_hold");
    const trimmed = sliceOf(stateOf(life), trim, life.log.map(measured));
    life.log.splice(0, trimmed.messages);
    life.digests.drop(trimmed.messages);
    const state = stateOf(life);
    const stale = [...life.names].filter(([, send]) => isStale(send, state, trim.bounds));
    for (const [name] of stale.slice(0, trim.most)) life.names.delete(name);
    const moreNames = stale.length > trim.most;
    if (isForgotten(state, trim) && !moreNames) this.#lives.delete(life.number);
    return { kind: "trimmed", ...trimmed, more: trimmed.more || moreNames };
  }

  #lifeOf(life: Kept): Life {
    const hold = this.#erasures.holdOf(life);
    return { ...lifeOf(life), ...(hold && { hold }) };
  }

  /** A life whose log can be read. */
  #readable(key: LifeKey): Kept | undefined {
    if (key.epoch === undefined) return this.#living.get(keyOf(key));
    const life = this.#find({ ...key, epoch: key.epoch });
    return life?.kept ? life : undefined;
  }

  #find({ epoch, ...key }: RoomKey & { readonly epoch: string }): Kept | undefined {
    return this.#livesOf(key).find((life) => life.epoch === epoch);
  }

  /** In the order in which they began. */
  #livesOf({ service, room_id }: RoomKey): Kept[] {
    return [...this.#lives.values()].filter((life) => life.service === service && life.room_id === room_id);
  }
}

function keyOf({ service, room_id }: RoomKey): string {
  return JSON.stringify([service, room_id]);
}

function nameOf(user_id: string, client_msg_id: string): string {
  return JSON.stringify([user_id, client_msg_id]);
}

function firstId({ last_id, log }: Kept): number {
  return last_id - log.length + 1;
}

function bytesOf(log: readonly Entry[]): number {
  return log.reduce((sum, { msg }) => sum + Buffer.byteLength(msg), 0);
}

function measured({ timestmap, msg }: Entry) {
  return { timestmap, bytes: Buffer.byteLength(msg) };
}

function stateOf(life: Kept): LogState {
  const { last_id, log, info, destroyed_at, kept } = life;
  return {
    first_id: firstId(life),
    last_id,
    bytes: bytesOf(log),
    retention: info.retention,
    destroyed_at,
    kept: kept !== false,
  };
}

function isOverdue(life: Kept, order: { readonly bounds: Trim["bounds"]; readonly most: 0 }): boolean {
  const state = stateOf(life);
  const names = [...life.names.values()];
  return (
    sliceOf(state, order, life.log.map(measured)).more ||
    names.some((name) => isStale(name, state, order.bounds)) ||
    isForgotten(state, order)
  );
}

function roomOf(life: Kept): Room {
  const { room_id, epoch, info, last_id } = life;
  return { room_id, epoch, info, first_id: firstId(life), last_id };
}

function listed({ room_id, epoch, info: { class: cls, timeout, access } }: Kept): ListedRoom {
  return { room_id, epoch, class: cls, ...(timeout !== undefined && { timeout }), ...(access && { access }) };
}

function lifeOf(life: Kept): Life {
  const { epoch, created_at, destroyed_at, log, last_id } = life;
  const [first, last] = [log[0], log.at(-1)];
  return {
    epoch,
    created_at,
    ...(destroyed_at !== undefined && { destroyed_at }),
    first_id: firstId(life),
    last_id,
    count: log.length,
    bytes: bytesOf(log),
    ...(first && last && { first_time: first.timestmap, last_time: last.timestmap }),
  };
}

function selected(log: readonly Entry[], query: MessageQuery): Entry[] {
  const found = searched(log, query).filter((message) => matches(message, query));
  return query.order === "desc" ? found.reverse() : found;
}

function matches({ msg_id, timestmap, user_id, session_id, op, ref }: Entry, query: MessageQuery): boolean {
  const { after, before, from_time, to_time } = query;
  return (
    (after === undefined || msg_id > after) &&
    (before === undefined || msg_id < before) &&
    (from_time === undefined || timestmap >= from_time) &&
    (to_time === undefined || timestmap < to_time) &&
    (query.user_id === undefined || user_id === query.user_id) &&
    (query.session_id === undefined || session_id === query.session_id) &&
    (query.ref === undefined || (op === null && ref === query.ref))
  );
}
