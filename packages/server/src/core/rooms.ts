import {
  type ErrorCode,
  type Retention,
  type RoomAccess,
  type RoomInfo,
  roomEvents,
} from "@roomlog/protocol";
import type { ManagedStore } from "../store/managed.ts";
import type { ListedRoom, Refusal, Room, RoomQuery, SetMute, SetRole, Write } from "../store/store.ts";
import type { Clock } from "./clock.ts";
import { laneOf } from "./delivery.ts";
import { RequestError } from "./errors.ts";
import type { Hub } from "./hub.ts";
import { type RoomRights, special } from "./room-rights.ts";

export interface RoomsParts {
  readonly service: string;
  readonly store: ManagedStore;
  readonly hub: Hub;
  readonly clock: Clock;
  readonly rights: RoomRights;
  /** Names a new life of a room (M12). */
  readonly newEpoch: () => string;
}

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

  /** Event `created` after `settle` (R1). Fails with 304002. Gives back the epoch of the new life. */
  create(
    room_id: string,
    given: RoomInfo,
    { owner, settle }: { readonly owner?: string | undefined; readonly settle: Settle },
  ): string {
    const { service, store, clock, newEpoch, rights } = this.#parts;
    const epoch = newEpoch();
    const access = special(given.access);
    const { access: _, ...rest } = given;
    const info = { ...rest, ...(access && { access }) };
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
        rights.setAccess(room_id, access);
        if (owner !== undefined) rights.setRole(room_id, owner, { role: "owner" });
      }
      settle(failure);
      const { class: cls, backend, meta } = info;
      const body = { class: cls, ...(backend !== undefined && { backend }), ...(meta && { meta }) };
      if (!failure) this.publish(roomEvents.created, room_id, body);
    });
    return epoch;
  }

  /** Says anew who may come into the room; event `access` after `settle` (R10). Fails with 304001. */
  setAccess(room_id: string, given: RoomAccess, { by, settle }: Act): void {
    const access = special(given);
    const { service, rights } = this.#parts;
    this.#change({ kind: "set_access", service, room_id, access }, settle, () => {
      this.publish(roomEvents.access, room_id, { ...access, by });
      rights.setAccess(room_id, access);
      this.#rightsChanged(room_id);
    });
  }

  /** Gives a user a role, or takes it away; event `type` after `settle` (R8, R9). Fails with 304001. */
  setRole({ room_id, user_id, ...role }: RoleOf, { by, settle, ...event }: Act & Told): void {
    const { service, rights } = this.#parts;
    this.#change({ kind: "set_role", service, room_id, user_id, ...role }, settle, () => {
      this.publish(event.type, room_id, { user_id, ...event.body, by });
      rights.setRole(room_id, user_id, role);
      this.#rightsChanged(room_id, user_id);
    });
  }

  /** Takes a user's voice, or gives it back; event `muted` after `settle` (R9). Fails with 304001. */
  setMute({ room_id, user_id, ...mute }: MuteOf, { by, settle, ...event }: Act & Told): void {
    const { service, rights } = this.#parts;
    this.#change({ kind: "set_mute", service, room_id, user_id, ...mute }, settle, () => {
      this.publish(event.type, room_id, { user_id, ...event.body, by });
      rights.setMute(room_id, user_id, mute);
    });
  }

  /** A user comes in who may read only what is sent from now on; the first time counts (R11). Throws 304001. */
  came(room_id: string, user_id: string): Promise<void> {
    const { service } = this.#parts;
    return new Promise((resolve, reject) => {
      const settle: Settle = (failure) => (failure ? reject(failure) : resolve());
      this.#change({ kind: "set_since", service, room_id, user_id }, settle, () => {});
    });
  }

  /** Changes the room's own retention (M13). Fails with 304001. */
  update(room_id: string, retention: Retention, settle: Settle): void {
    const { service, store } = this.#parts;
    store.write({ kind: "update_room", service, room_id, retention }, (outcome) =>
      settle(failureOf(outcome)),
    );
  }

  /** `apply` comes in the same turn as the answer: before anything else is told, what was changed holds. */
  #change(write: Write, settle: Settle, apply: () => void): void {
    this.#parts.store.write(write, (outcome) => {
      const failure = failureOf(outcome);
      settle(failure);
      if (!failure) apply();
    });
  }

  #rightsChanged(room_id: string, user_id?: string): void {
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
    });
  }

  /** Reads what the rooms say about who may do what in them, and gives each room to `see`. */
  async load(see: (room: ListedRoom) => void): Promise<void> {
    for (let after = ""; ; ) {
      const page = await this.list({ after, limit: PAGE });
      for (const room of page) {
        if (room.access) this.#parts.rights.setAccess(room.room_id, room.access);
        see(room);
      }
      const last = page.at(-1);
      if (page.length < PAGE || !last) break;
      after = last.room_id;
    }
    await this.#parts.rights.load();
  }

  /** Ascending by `room_id` in code point order (R3). */
  async list(range: RoomRange, isShown: (room: ListedRoom) => boolean = () => true): Promise<ListedRoom[]> {
    const { service, store } = this.#parts;
    const found: ListedRoom[] = [];
    for (let query = range; ; ) {
      const page = await store.rooms({ service, ...query });
      found.push(...page.filter(isShown));
      const last = page.at(-1);
      if (page.length < query.limit || found.length >= range.limit || !last)
        return found.slice(0, range.limit);
      query = { ...range, after: last.room_id };
    }
  }

  /** How many there are. */
  async count(): Promise<number> {
    const { service, store } = this.#parts;
    return (await store.usage({ service })).rooms;
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

/** Who did something, and who is told that it is done. */
interface Act {
  readonly by: string;
  readonly settle: Settle;
}

/** What the others are told. */
interface Told {
  readonly type: string;
  readonly body: object;
}

type RoleOf = Pick<SetRole, "room_id" | "user_id" | "role" | "until">;
type MuteOf = Pick<SetMute, "room_id" | "user_id" | "muted" | "until">;

export type RoomRange = Omit<RoomQuery, "service">;

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

const refusals: { readonly [reason in Refusal]: ErrorCode } = {
  room_exists: 304002,
  room_not_found: 304001,
  epoch_not_found: 304106,
};

/** What a write that did not happen is to the client; undefined when it did. */
export function failureOf(
  outcome: Parameters<import("../store/managed.ts").Settled>[0],
): RequestError | undefined {
  switch (outcome.kind) {
    case "unknown":
      return new RequestError(304105);
    case "refused":
      return new RequestError(refusals[outcome.reason]);
    default:
      return undefined;
  }
}
