import { type RoomInfo, roomEvents } from "@roomlog/protocol";
import type { ManagedStore } from "../store/managed.ts";
import type { ListedRoom, Room } from "../store/store.ts";
import type { Clock } from "./clock.ts";
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
  readonly #parts: RoomsParts;
  readonly #onActivity: ((room_id: string) => void)[] = [];
  readonly #onEnded: ((room_id: string) => void)[] = [];
  /** Rooms that somebody waits for in `living`: how often they have ended meanwhile. */
  readonly #watched = new Map<string, { watchers: number; ends: number }>();

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

  /** An event of a room that is not part of its log. */
  publish(type: string, obj_id: string, body: object): void {
    this.#parts.hub.publish({ class: "media", subclass: "room", type, obj_id, body });
  }

  /** Event `created` after `settle` (R1). Fails with 304002. */
  create(room_id: string, info: RoomInfo, settle: Settle): void {
    const { service, store, clock, newEpoch } = this.#parts;
    const room = { service, room_id, info, epoch: newEpoch(), created_at: clock.wall() };
    store.write({ kind: "create_room", ...room }, (outcome) => {
      const failure = failureOf(outcome);
      settle(failure);
      const { class: cls, backend, meta } = info;
      const body = { class: cls, ...(backend !== undefined && { backend }), ...(meta && { meta }) };
      if (!failure) this.publish(roomEvents.created, room_id, body);
    });
  }

  /** Event `destroyed` after `settle` (R2). Fails with 304001. */
  destroy(room_id: string, reason: { readonly code: number; readonly reason: string }, settle: Settle): void {
    const { service, store, clock } = this.#parts;
    const ended = { service, room_id, destroyed_at: clock.wall(), keep_log: true };
    store.write({ kind: "destroy_room", ...ended }, (outcome) => {
      const failure = failureOf(outcome);
      settle(failure);
      if (failure) return;
      const watched = this.#watched.get(room_id);
      if (watched) watched.ends += 1;
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
   * A room that is there when the promise resolves, its creation and earlier endings told to all listeners: what is
   * kept for it in memory from then on belongs to this life. Throws 304001 when there is none.
   */
  async living(room_id: string): Promise<Room> {
    const watched = this.#watched.get(room_id) ?? { watchers: 0, ends: 0 };
    this.#watched.set(room_id, watched);
    watched.watchers += 1;
    try {
      for (;;) {
        const { ends } = watched;
        const room = await this.get(room_id);
        await this.#parts.store.settled();
        if (watched.ends === ends) return room;
      }
    } finally {
      watched.watchers -= 1;
      if (watched.watchers === 0) this.#watched.delete(room_id);
    }
  }
}

/** What a write that did not happen is to the client; undefined when it did. */
export function failureOf(
  outcome: Parameters<import("../store/managed.ts").Settled>[0],
): RequestError | undefined {
  switch (outcome.kind) {
    case "unknown":
      return new RequestError(304105);
    case "refused":
      return new RequestError(outcome.reason === "room_exists" ? 304002 : 304001);
    default:
      return undefined;
  }
}
