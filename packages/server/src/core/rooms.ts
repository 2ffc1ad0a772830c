import { changedAccess, type Retention, type RoomAccess, type RoomInfo, roomEvents } from "@roomlog/protocol";
import type { ManagedStore } from "../store/managed.ts";
import type { ListedRoom, Room, RoomKey, RoomQuery, SetMute, SetRole, Write } from "../store/store.ts";
import type { Clock, Stop } from "./clock.ts";
import { laneOf } from "./delivery.ts";
import { diskLow, RequestError } from "./errors.ts";
import type { Hub } from "./hub.ts";
import { failureOf, written } from "./outcome.ts";
import type { RoomRights } from "./room-rights.ts";
import { Turns } from "./turns.ts";

export interface RoomsParts {
  readonly service: string;
  readonly store: ManagedStore;
  readonly hub: Hub;
  readonly clock: Clock;
  readonly rights: RoomRights;
  /** Whether the disk is nearly full (Q9). */
  readonly isDiskLow: () => boolean;
  /** Names a new life of a room (M12). */
  readonly newEpoch: () => string;
}

/** Rooms read at once where some of them may not be shown. */
const LEAST_PAGE = 1000;

/** Rooms read at once when the server starts. */
const PAGE = 10_000;

/** `undefined`, or why it did not happen. */
export type Settle = (failure: RequestError | undefined) => void;

/** The rooms of a service. The store alone decides which exist; nothing is cached here. */
export class Rooms {
  /** Whether the log of a room that ends stays readable (M12). */
  keepLogs = true;
  readonly #parts: RoomsParts;
  readonly #onActivity: ((room_id: string) => void)[] = [];
  readonly #onEnded: ((room_id: string) => void)[] = [];
  readonly #onNews = new Set<(room_id: string) => void>();
  /** Changes of who may do what, by room. */
  readonly #turns = new Turns();
  /** Rooms that are being made. */
  readonly #making = new Map<string, Promise<void>>();
  readonly #onRights: ((room_id: string, user_id: string | undefined) => void)[] = [];
  /** Rooms that somebody waits for in `living`: how often they have ended meanwhile, the newest message told since. */
  readonly #watched = new Map<string, { watchers: number; ends: number; told: number }>();

  constructor(parts: RoomsParts) {
    this.#parts = parts;
  }

  /** Calls `listener` when something is sent to a room or read from it, or its members or status change (R6). */
  onActivity(listener: (room_id: string) => void): void {
    this.#onActivity.push(listener);
  }

  /** Calls `listener` when a room was destroyed, after its event. */
  onEnded(listener: (room_id: string) => void): void {
    this.#onEnded.push(listener);
  }

  /** Calls `listener` when a room's log has something new to tell: messages, or its end. A hint; it must be cheap. */
  onNews(listener: (room_id: string) => void): Stop {
    this.#onNews.add(listener);
    return () => this.#onNews.delete(listener);
  }

  /** Calls `listener` when what somebody may do in a room has changed, or with no user what anybody may (R8–R10). */
  onRights(listener: (room_id: string, user_id: string | undefined) => void): void {
    this.#onRights.push(listener);
  }

  /** Something happened in a room (R6). */
  touch(room_id: string): void {
    for (const listener of this.#onActivity) listener(room_id);
  }

  /** A message is being told. */
  told(room_id: string, msg_id: number): void {
    const watched = this.#watched.get(room_id);
    if (watched) watched.told = msg_id;
    for (const listener of this.#onNews) listener(room_id);
  }

  /** An event of a room that is not a message. Cursors on its log are told of its end too (M10). */
  publish(type: string, obj_id: string, body: object): void {
    const { hub, service, rights } = this.#parts;
    hub.publish(
      { class: "media", subclass: "room", type, obj_id, body },
      {
        lane: laneOf(service, obj_id),
        isLog: type === roomEvents.destroyed,
        isEnd: type === roomEvents.destroyed,
        isLossy: type === roomEvents.info,
        hears: type === roomEvents.destroyed ? rights.hearsOfEnd(obj_id) : rights.hears("room_read", obj_id),
      },
    );
  }

  /** Resolves when a room that is being made is there, or not; undefined when it is not being made. */
  beingMade(room_id: string): Promise<void> | undefined {
    return this.#making.get(room_id);
  }

  /**
   * Event `created` after `settle` (R1). Fails with 304002, 304109 when the disk is nearly full. Gives back the epoch of
   * the new life.
   */
  create(
    room_id: string,
    info: RoomInfo,
    { owner, settle }: { readonly owner?: string | undefined; readonly settle: Settle },
  ): string {
    const { service, store, clock, newEpoch, rights, isDiskLow } = this.#parts;
    const epoch = newEpoch();
    if (isDiskLow()) {
      settle(diskLow());
      return epoch;
    }
    const making = Promise.withResolvers<void>();
    this.#making.set(room_id, making.promise);
    const room = {
      service,
      room_id,
      info,
      epoch,
      created_at: clock.wall(),
      ...(owner !== undefined && { owner }),
    };
    store.write({ kind: "create_room", ...room }, (outcome) => {
      const failure = failureOf(outcome);
      if (!failure) {
        rights.changeAccess(room_id, info.access ?? {});
        if (owner !== undefined) rights.setRole(room_id, owner, { role: "owner" });
      }
      settle(failure);
      const { class: cls, backend, meta } = info;
      const body = { class: cls, ...(backend !== undefined && { backend }), ...(meta && { meta }) };
      if (!failure) this.publish(roomEvents.created, room_id, body);
      if (this.#making.get(room_id) === making.promise) this.#making.delete(room_id);
      making.resolve();
    });
    return epoch;
  }

  /** Changes who may come into the room; event `access` with what holds then, after `settle` (R10). Fails with 304001. */
  changeAccess(room_id: string, change: RoomAccess, { by, ...act }: Act): void {
    const { service, rights } = this.#parts;
    this.#change({ kind: "change_access", service, room_id, change }, act, () => {
      this.publish(roomEvents.access, room_id, { ...changedAccess(rights.accessOf(room_id), change), by });
      rights.changeAccess(room_id, change);
      this.rightsChanged(room_id);
    });
  }

  /** Gives a user a role, or takes it away; event `type` after `settle` (R8, R9). Fails with 304001. */
  setRole({ room_id, user_id, ...role }: RoleOf, { by, type, body, ...act }: Act & Told): void {
    const { service, rights } = this.#parts;
    const change = this.#saying(room_id, user_id, act);
    this.#change({ kind: "set_role", service, room_id, user_id, ...role }, change, () => {
      this.publish(type, room_id, { user_id, ...body, by });
      rights.setRole(room_id, user_id, role);
      this.rightsChanged(room_id, user_id);
    });
  }

  /** Takes a user's voice, or gives it back; event `muted` after `settle` (R9). Fails with 304001. */
  setMute({ room_id, user_id, ...mute }: MuteOf, { by, type, body, ...act }: Act & Told): void {
    const { service, rights } = this.#parts;
    const change = this.#saying(room_id, user_id, act);
    this.#change({ kind: "set_mute", service, room_id, user_id, ...mute }, change, () => {
      this.publish(type, room_id, { user_id, ...body, by });
      rights.setMute(room_id, user_id, mute);
    });
  }

  /** A user comes in who may read only what is sent from now on; the first time counts (R11). Throws 304001. */
  async came(room_id: string, user_id: string): Promise<void> {
    const { service, store } = this.#parts;
    await written(store, { kind: "set_since", service, room_id, user_id });
  }

  /** Changes the room's own retention (M13). Fails with 304001. */
  update(room_id: string, retention: Retention, settle: Settle): void {
    const { service, store } = this.#parts;
    store.write({ kind: "update_room", service, room_id, retention }, (outcome) =>
      settle(failureOf(outcome)),
    );
  }

  /** The change, which also fails when the room says something of too many users (R8). */
  #saying(room_id: string, user_id: string, { judge, settle }: Change): Change {
    return {
      settle,
      judge: () => {
        judge();
        this.#parts.rights.requireRoomFor(user_id, room_id);
      },
    };
  }

  /**
   * Changes of who may do what in a room come one after the other, each judged anew when it is its turn. `apply` comes in
   * the same turn as the answer: before anything else is told, what was changed holds.
   */
  #change(write: Write & RoomKey, { judge, settle }: Change, apply: () => void): void {
    this.#turns.take(write.room_id, (done) => {
      const fault = faultOf(judge);
      if (fault) {
        settle(fault);
        return done();
      }
      this.#parts.store.write(write, (outcome) => {
        const failure = failureOf(outcome);
        settle(failure);
        if (!failure) apply();
        done();
      });
    });
  }

  /** Tells that somebody, or with no user anybody, may do something else in a room than before. */
  rightsChanged(room_id: string, user_id?: string): void {
    for (const listener of this.#onRights) listener(room_id, user_id);
  }

  /** Event `destroyed` after `settle` (R2). Fails with 304001, also when `epoch` is not the living one. */
  destroy({ room_id, epoch }: RoomLife, reason: Reason, settle: Settle): void {
    const { service, store, clock, rights } = this.#parts;
    const life = { service, room_id, ...(epoch !== undefined && { epoch }) };
    const end = { destroyed_at: clock.wall(), keep_log: this.keepLogs };
    store.write({ kind: "destroy_room", ...life, ...end }, (outcome) => {
      const failure = failureOf(outcome);
      settle(failure);
      if (failure) return;
      const watched = this.#watched.get(room_id);
      if (watched) Object.assign(watched, { ends: watched.ends + 1, told: 0 });
      this.publish(roomEvents.destroyed, room_id, reason);
      rights.end(room_id);
      for (const listener of this.#onEnded) listener(room_id);
      for (const listener of this.#onNews) listener(room_id);
    });
  }

  /** Reads what the rooms say about who may do what in them, and gives each room to `see`. */
  async load(see: (room: ListedRoom) => void): Promise<void> {
    await this.list({ limit: PAGE }, (room) => {
      if (room.access) this.#parts.rights.changeAccess(room.room_id, room.access);
      see(room);
      return false;
    });
    await this.#parts.rights.load();
  }

  /** Ascending by `room_id` in code point order (R3). */
  async list(
    range: RoomRange,
    isShown: (room: ListedRoom) => boolean | "stop" = () => true,
  ): Promise<ListedRoom[]> {
    const { service, store } = this.#parts;
    const limit = Math.max(range.limit, LEAST_PAGE);
    const found: ListedRoom[] = [];
    for (let query = { ...range, limit }; ; ) {
      const page = await store.rooms({ service, ...query });
      for (const room of page) {
        const shown = isShown(room);
        if (shown === "stop") return found;
        if (shown && found.push(room) === range.limit) return found;
      }
      const last = page.at(-1);
      if (page.length < limit || !last) return found;
      query = { ...query, after: last.room_id };
    }
  }

  /** How many there are. */
  async count(): Promise<number> {
    const { service, store } = this.#parts;
    return (await store.usage({ service })).rooms;
  }

  async exists(room_id: string): Promise<boolean> {
    return (await this.#parts.store.room({ service: this.#parts.service, room_id })) !== undefined;
  }

  /** Throws 304001 when there is no such room. */
  async get(room_id: string): Promise<Room> {
    const room = await this.#parts.store.room({ service: this.#parts.service, room_id });
    if (!room) throw new RequestError(304001);
    return room;
  }

  /**
   * Gives `use` a room that is there, when its creation, earlier endings and all that it shows of the log have been
   * told to every listener: what `use` keeps for it in memory belongs to this life, and what is told from then on is
   * news. Messages told while it was read count in its `last_id`. Throws 304001 when there is none.
   */
  async living<T>(room_id: string, use: (room: Room) => T): Promise<T> {
    const watched = this.#watched.get(room_id) ?? { watchers: 0, ends: 0, told: 0 };
    this.#watched.set(room_id, watched);
    watched.watchers += 1;
    try {
      for (;;) {
        const { ends } = watched;
        const room = await this.get(room_id);
        await this.#parts.store.settled();
        if (watched.ends === ends) return use({ ...room, last_id: Math.max(room.last_id, watched.told) });
      }
    } finally {
      watched.watchers -= 1;
      if (watched.watchers === 0) this.#watched.delete(room_id);
    }
  }
}

interface Change {
  /** Throws when it may not be made after all. */
  readonly judge: () => void;
  readonly settle: Settle;
}

/** A change that somebody makes. */
interface Act extends Change {
  readonly by: string;
}

/** What the others are told. */
interface Told {
  readonly type: string;
  readonly body: object;
}

type RoleOf = Pick<SetRole, "room_id" | "user_id" | "role" | "until">;
type MuteOf = Pick<SetMute, "room_id" | "user_id" | "muted" | "until">;

export type RoomRange = Omit<RoomQuery, "service">;

function faultOf(judge: () => void): RequestError | undefined {
  try {
    judge();
    return undefined;
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
}

/** A room; with `epoch` only in that life of it. */
export interface RoomLife {
  readonly room_id: string;
  readonly epoch?: string;
}

/** Why a room ends, as its event says (R2). */
export interface Reason {
  readonly code: number;
  readonly reason: string;
}
