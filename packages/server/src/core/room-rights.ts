import { changedAccess, type RoomAccess, type RoomRole } from "@roomlog/protocol";
import type { ManagedStore } from "../store/managed.ts";
import type { LifeKey } from "../store/store.ts";
import type { Clock } from "./clock.ts";
import type { Subscriber } from "./delivery.ts";
import { RequestError } from "./errors.ts";
import {
  type Actor,
  type Asked,
  inForce,
  type RoomSays,
  readsAll,
  refusalOf,
  type UserStanding,
  viewOf,
} from "./judgement.ts";
import { Recent } from "./recent.ts";

export interface RoomRightsParts {
  readonly service: string;
  readonly store: ManagedStore;
  readonly clock: Clock;
}

/** Users of whom a room may say something (R8). */
const MAX_STANDINGS = 10_000;

/** Standings read at once when the server starts. */
const PAGE = 10_000;

/**
 * Who may do what in which room of a service (R8–R11): what is granted to him, and what the room says. Rooms that
 * say something are kept in memory, since every event asks.
 */
export class RoomRights {
  readonly #parts: RoomRightsParts;
  readonly #rooms = new Map<string, Says>();
  readonly #now: () => number;

  constructor(parts: RoomRightsParts) {
    this.#parts = parts;
    this.#now = () => parts.clock.wall();
  }

  /** Reads what users may do in the rooms that there are. */
  async load(): Promise<void> {
    const { service, store } = this.#parts;
    for (let from: number | undefined = 0; from !== undefined; ) {
      const slice = await store.standings({ service, from, most: PAGE });
      for (const { room_id, user_id, standing } of slice.standings)
        this.#says(room_id).set(user_id, standing);
      from = slice.next;
    }
  }

  /** Throws 100030, 304001 as if there were no such room, 304107 or 304108 when he may not. */
  require(who: Actor, right: string | undefined, room_id: string): void {
    const room = this.#rooms.get(room_id);
    const code = refusalOf(who, right, { room_id, room, now: this.#now });
    if (code === undefined) return;
    const until = code === 304107 ? room?.of(who.user_id)?.muted_until : undefined;
    throw new RequestError(code, {
      right,
      ...(until !== undefined && { retry_after_ms: this.#msUntil(until) }),
    });
  }

  may(who: Actor, right: string, room_id: string): boolean {
    return refusalOf(who, right, this.#asked(room_id)) === undefined;
  }

  /** Who may hear what needs `right` in the room at this moment (E9). Sessions of other services have no roles here. */
  hears(right: string, room_id: string): (subscriber: Subscriber) => boolean {
    const room = this.#rooms.get(room_id);
    const { service } = this.#parts;
    return ({ home, identity }) => {
      if (!identity) return false;
      if (home !== service)
        return identity.rights.may("other_services") && identity.rights.mayIn(room_id, right);
      return refusalOf(identity, right, { room_id, room, now: this.#now }) === undefined;
    };
  }

  /** What rights let a subscriber see of a room's messages at this moment: the text of a filter, undefined for all (M17). */
  views(room_id: string): (subscriber: Subscriber) => string | undefined {
    const room = this.#rooms.get(room_id);
    const { service } = this.#parts;
    return ({ home, identity }) => {
      if (!identity?.rights.isNarrowed) return undefined;
      if (home !== service) return identity.rights.viewIn(room_id);
      return viewOf(identity, { room_id, room, now: this.#now });
    };
  }

  /** The same of who reads a life of a room (R8). */
  async viewInLife(who: Actor, life: Omit<LifeKey, "service">): Promise<string | undefined> {
    if (!who.rights.isNarrowed) return undefined;
    const { room_id, epoch } = life;
    if (epoch === undefined) return viewOf(who, this.#asked(room_id));
    const found = await this.#ofLife(who, life);
    return found && viewOf(who, found);
  }

  /** Who has a cursor on a room's log hears of its end too (M10). */
  hearsOfEnd(room_id: string): (subscriber: Subscriber) => boolean {
    const [asReader, asFollower] = [this.hears("room_read", room_id), this.hears("msglog_get", room_id)];
    return (subscriber) => asReader(subscriber) || asFollower(subscriber);
  }

  /** Whether he may read what was sent before he came (R11). */
  mayReadAll(who: Actor, room_id: string): boolean {
    return readsAll(who, this.#asked(room_id));
  }

  /** Whether nothing of a room's log is hidden from him (R11, M17). */
  seesAll(who: Actor, room_id: string): boolean {
    const view = viewOf(who, this.#asked(room_id));
    return view === undefined && this.may(who, "msglog_get", room_id) && this.mayReadAll(who, room_id);
  }

  /** Who hears of messages by their ids alone: all whom nothing of the room is hidden from. */
  hearsOfAll(room_id: string): (subscriber: Subscriber) => boolean {
    const [hears, hearsOlder] = [this.hears("msglog_get", room_id), this.hears("msglog_history", room_id)];
    const granted = this.views(room_id);
    const isAtHome = ({ home }: Subscriber) => home === this.#parts.service;
    return (subscriber) =>
      hears(subscriber) &&
      granted(subscriber) === undefined &&
      (isAtHome(subscriber)
        ? this.mayReadAll(subscriber.identity as Actor, room_id)
        : hearsOlder(subscriber));
  }

  /**
   * The first message of a life that he may read, Infinity without any (R11). Throws 100030 and 304001 when he may not
   * read that life at all: an ended one says itself who may.
   */
  async firstReadable(who: Actor, life: Omit<LifeKey, "service">): Promise<number> {
    if (life.epoch === undefined && this.mayReadAll(who, life.room_id)) return 1;
    const found = await this.#ofLife(who, life);
    // Then there is nothing to read, and the reader will say so.
    if (!found) return 1;
    const code = refusalOf(who, "msglog_get", found);
    if (code !== undefined) throw new RequestError(code);
    return readsAll(who, found) ? 1 : (found.since_id ?? Number.POSITIVE_INFINITY);
  }

  /** Whether he may do what needs `right` to the log of a life of a room: an ended one says itself who may (R8). */
  async mayInLife(who: Actor, right: string, life: Omit<LifeKey, "service">): Promise<boolean> {
    const found = await this.#ofLife(who, life);
    return !found || refusalOf(who, right, found) === undefined;
  }

  /** Throws 304102 when he has sent a message less than the room's `slow_mode` ago (R10). */
  pace(who: Actor, room_id: string): void {
    const room = this.#rooms.get(room_id);
    const seconds = room?.access?.slow_mode;
    if (!room || seconds === undefined || this.may(who, "room_moderate", room_id)) return;
    const now = this.#parts.clock.monotonic();
    room.sends ??= new Recent();
    const next = (room.sends.at(who.user_id) ?? Number.NEGATIVE_INFINITY) + seconds * 1000;
    if (next > now) throw new RequestError(304102, { limit: 1, retry_after_ms: Math.ceil(next - now) });
    room.sends.note(who.user_id, now, seconds * 1000);
  }

  /** Of everybody with a role or without a voice. */
  standings(room_id: string): ReadonlyMap<string, UserStanding> {
    const all = this.#rooms.get(room_id)?.all() ?? [];
    return new Map([...all].map(([user_id, standing]) => [user_id, inForce(standing, this.#now)]));
  }

  roleOf(user_id: string, room_id: string): RoomRole | undefined {
    return inForce(this.#rooms.get(room_id)?.of(user_id) ?? {}, this.#now).role;
  }

  accessOf(room_id: string): RoomAccess | undefined {
    return this.#rooms.get(room_id)?.access;
  }

  changeAccess(room_id: string, change: RoomAccess): void {
    const access = changedAccess(this.accessOf(room_id), change);
    if (access || this.#rooms.has(room_id)) this.#says(room_id).access = access;
  }

  /** Throws 100050 when the room says something of too many users already; of this one it may say more (R8). */
  requireRoomFor(user_id: string, room_id: string): void {
    if (this.#rooms.get(room_id)?.isFullFor(user_id, this.#now) ?? false)
      throw new RequestError(100050, { limit: MAX_STANDINGS });
  }

  setRole(room_id: string, user_id: string, { role, until }: Sentence<RoomRole | undefined, "role">): void {
    const says = this.#says(room_id);
    const { role: _, role_until: __, ...rest } = says.of(user_id) ?? {};
    says.set(user_id, {
      ...rest,
      ...(role !== undefined && { role }),
      ...(until !== undefined && { role_until: until }),
    });
  }

  setMute(room_id: string, user_id: string, { muted, until }: Sentence<boolean, "muted">): void {
    const says = this.#says(room_id);
    const { muted: _, muted_until: __, ...rest } = says.of(user_id) ?? {};
    says.set(user_id, {
      ...rest,
      ...(muted && { muted }),
      ...(until !== undefined && { muted_until: until }),
    });
  }

  /** The room has ended: a next life of it begins without all this. */
  end(room_id: string): void {
    this.#rooms.delete(room_id);
  }

  /** What a life of a room says of somebody; undefined when there is no such life. */
  async #ofLife({ user_id }: Actor, { room_id, epoch }: Omit<LifeKey, "service">) {
    const { service, store } = this.#parts;
    const life = await store.standing({ service, room_id, epoch, user_id });
    if (!life) return undefined;
    const room: RoomSays = { access: life.access, of: () => life.standing };
    return { room_id, room, now: this.#now, since_id: life.standing.since_id };
  }

  #asked(room_id: string): Asked {
    return { room_id, room: this.#rooms.get(room_id), now: this.#now };
  }

  #says(room_id: string): Says {
    const says = this.#rooms.get(room_id) ?? new Says();
    this.#rooms.set(room_id, says);
    return says;
  }

  #msUntil(until: number): number {
    return Math.max(0, Math.ceil((until - this.#now()) / 1000));
  }
}

/** Something that holds for good, or until a time (µs since 1970). */
type Sentence<Value, Name extends string> = { readonly [name in Name]: Value } & {
  readonly until?: number | undefined;
};

/** What a room says, in memory. Most rooms say no more than who made them. */
class Says implements RoomSays {
  access: RoomAccess | undefined;
  #owner: string | undefined;
  #users: Map<string, UserStanding> | undefined;
  /** When users sent last, in monotonic milliseconds; only with `slow_mode`. */
  sends: Recent | undefined;

  of(user_id: string): UserStanding | undefined {
    return this.#owner === user_id ? OWNER : this.#users?.get(user_id);
  }

  set(user_id: string, standing: UserStanding): void {
    if (this.#owner === user_id) this.#owner = undefined;
    if (standing.role === "owner" && !standing.muted && this.#owner === undefined) {
      this.#users?.delete(user_id);
      this.#owner = user_id;
      return;
    }
    this.#users ??= new Map();
    if (Object.keys(standing).length === 0) this.#users.delete(user_id);
    else this.#users.set(user_id, standing);
  }

  /** What is over is forgotten before that is a reason to refuse. */
  isFullFor(user_id: string, now: () => number): boolean {
    const users = this.#users;
    if (!users || users.size < MAX_STANDINGS || users.has(user_id)) return false;
    for (const [other, standing] of users)
      if (Object.keys(inForce(standing, now)).length === 0) users.delete(other);
    return users.size >= MAX_STANDINGS;
  }

  *all(): Iterable<[string, UserStanding]> {
    if (this.#owner !== undefined) yield [this.#owner, OWNER];
    yield* this.#users ?? [];
  }
}

const OWNER: UserStanding = { role: "owner" };
