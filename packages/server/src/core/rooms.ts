import { type ErrorCode, type Retention, type RoomInfo, roomEvents } from "@roomlog/protocol";
import type { ManagedStore } from "../store/managed.ts";
import type { ListedRoom, Refusal, Room } from "../store/store.ts";
import type { Clock } from "./clock.ts";
import { laneOf } from "./delivery.ts";
import { RequestError } from "./errors.ts";
import type { Hub } from "./hub.ts";

export interface RoomsParts {
  readonly service: string;
  readonly store: ManagedStore;
  readonly hub: Hub;
  readonly clock: Clock;
  /** Names a new life of a room (M12). */
  readonly newEpoch: () => string;
}

/** `undefined`, or why it did not happen. */
export type Settle = (failure: RequestError | undefined) => void;

/** The rooms of a service. The store alone decides which exist; nothing is cached here. */
export class Rooms {
  /** Whether the log of a room that ends stays readable (M12). */
  keepLogs = true;
  readonly #parts: RoomsParts;
  readonly #onActivity: ((room_id: string) => void)[] = [];
  readonly #onEnded: ((room_id: string) => void)[] = [];
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
    const { hub, service } = this.#parts;
    hub.publish(
      { class: "media", subclass: "room", type, obj_id, body },
      {
        lane: laneOf(service, obj_id),
        isLog: type === roomEvents.destroyed,
        isEnd: type === roomEvents.destroyed,
        isLossy: type === roomEvents.info,
      },
    );
  }

  /** Event `created` after `settle` (R1). Fails with 304002. Gives back the epoch of the new life. */
  create(room_id: string, info: RoomInfo, settle: Settle): string {
    const { service, store, clock, newEpoch } = this.#parts;
    const epoch = newEpoch();
    const room = { service, room_id, info, epoch, created_at: clock.wall() };
    store.write({ kind: "create_room", ...room }, (outcome) => {
      const failure = failureOf(outcome);
      settle(failure);
      const { class: cls, backend, meta } = info;
      const body = { class: cls, ...(backend !== undefined && { backend }), ...(meta && { meta }) };
      if (!failure) this.publish(roomEvents.created, room_id, body);
    });
    return epoch;
  }

  /** Changes the room's own retention (M13). Fails with 304001. */
  update(room_id: string, retention: Retention, settle: Settle): void {
    const { service, store } = this.#parts;
    store.write({ kind: "update_room", service, room_id, retention }, (outcome) =>
      settle(failureOf(outcome)),
    );
  }

  /** Event `destroyed` after `settle` (R2). Fails with 304001, also when `epoch` is not the living one. */
  destroy({ room_id, epoch }: RoomLife, reason: Reason, settle: Settle): void {
    const { service, store, clock } = this.#parts;
    const life = { service, room_id, ...(epoch !== undefined && { epoch }) };
    const end = { destroyed_at: clock.wall(), keep_log: this.keepLogs };
    store.write({ kind: "destroy_room", ...life, ...end }, (outcome) => {
      const failure = failureOf(outcome);
      settle(failure);
      if (failure) return;
      const watched = this.#watched.get(room_id);
      if (watched) Object.assign(watched, { ends: watched.ends + 1, told: 0 });
      this.publish(roomEvents.destroyed, room_id, reason);
      for (const listener of this.#onEnded) listener(room_id);
    });
  }

  /** Ascending by `room_id` in code point order (R3). */
  list(query: {
    readonly after?: string;
    readonly prefix?: string;
    readonly limit: number;
  }): Promise<ListedRoom[]> {
    return this.#parts.store.rooms({ service: this.#parts.service, ...query });
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
