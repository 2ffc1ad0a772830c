import { type EventData, type RoomInfo, roomEvents } from "@roomlog/protocol";
import type { ManagedStore } from "../store/managed.ts";
import type { Room } from "../store/store.ts";
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

  constructor(parts: RoomsParts) {
    this.#parts = parts;
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
      if (!failure) this.#publish(roomEvents.created, room_id, body);
    });
  }

  /** Event `destroyed` after `settle` (R2). Fails with 304001. */
  destroy(room_id: string, reason: { readonly code: number; readonly reason: string }, settle: Settle): void {
    const { service, store, clock } = this.#parts;
    store.write({ kind: "destroy_room", service, room_id, destroyed_at: clock.wall() }, (outcome) => {
      const failure = failureOf(outcome);
      settle(failure);
      if (!failure) this.#publish(roomEvents.destroyed, room_id, reason);
    });
  }

  /** Ascending by `room_id` in code point order (R3). */
  list(query: {
    readonly after?: string;
    readonly prefix?: string;
    readonly limit: number;
  }): Promise<Room[]> {
    return this.#parts.store.rooms({ service: this.#parts.service, ...query });
  }

  /** Throws 304001 when there is no such room. */
  async get(room_id: string): Promise<Room> {
    const room = await this.#parts.store.room({ service: this.#parts.service, room_id });
    if (!room) throw new RequestError(304001);
    return room;
  }

  #publish(type: string, obj_id: string, body: NonNullable<EventData["body"]>): void {
    this.#parts.hub.publish({ class: "media", subclass: "room", type, obj_id, body });
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
