import { roomEvents } from "@roomlog/protocol";
import type { ManagedStore } from "../store/managed.ts";
import { type Mark, MOST_MARKS, type Unread } from "../store/store.ts";
import { laneOf, type Subscriber } from "./delivery.ts";
import { RequestError } from "./errors.ts";
import type { Hub } from "./hub.ts";
import type { Actor } from "./judgement.ts";
import { failureOf } from "./outcome.ts";
import type { RoomRights } from "./room-rights.ts";
import type { Rooms, Settle } from "./rooms.ts";

export interface MarksParts {
  readonly service: string;
  readonly store: ManagedStore;
  readonly hub: Hub;
  readonly rooms: Rooms;
  readonly rights: RoomRights;
}

/** A user has read up to a message of the living room; with `epoch` only of that life. */
interface NewMark extends Mark {
  readonly room_id: string;
  readonly epoch?: string | undefined;
}

interface List {
  readonly after?: string;
  readonly limit: number;
}

/** How far users have read the rooms of a service (M19), and what they have not (M20). */
export class Marks {
  readonly #parts: MarksParts;

  constructor(parts: MarksParts) {
    this.#parts = parts;
  }

  /**
   * Settles when it is durable, then everyone who may know is told, if the mark has moved. Fails with 304001, 304106,
   * 304110 (no such message yet), 100050 (too many users), 304105 (outcome unknown).
   */
  set(mark: NewMark, settle: Settle): void {
    const { service, store } = this.#parts;
    store.write({ kind: "set_mark", service, ...mark }, (outcome) => {
      const isFull = outcome.kind === "refused" && outcome.reason === "too_many_marks";
      settle(isFull ? new RequestError(100050, { limit: MOST_MARKS }) : failureOf(outcome));
      if (outcome.kind === "marked" && outcome.moved) this.#tell(mark);
    });
  }

  /** Ascending by `user_id`; of a room that says so only one's own. Throws 304001. */
  async list(room_id: string, who: Actor, { after, limit }: List): Promise<Mark[]> {
    const { service, store, rights } = this.#parts;
    const marks = await store.marks({ service, room_id, ...(after !== undefined && { after }), limit });
    // Something may have changed since it was asked for.
    rights.require(who, "msglog_get", room_id);
    if (!marks) throw new RequestError(304001);
    return this.#areOwn(room_id) ? this.#own(room_id, who, after) : marks;
  }

  /** Of the rooms that are there and that he may read, in their order. */
  async unread(room_ids: readonly string[], who: Actor): Promise<Unread[]> {
    const { service, store, rights } = this.#parts;
    const mayRead = ({ room_id }: { readonly room_id: string }) => rights.may(who, "msglog_get", room_id);
    const rooms = [...new Set(room_ids)]
      .map((room_id) => ({ room_id, all: rights.mayReadAll(who, room_id) }))
      .filter(mayRead);
    const found = await store.unread({ service, user_id: who.user_id, rooms });
    return found.filter(mayRead);
  }

  /** Of the rooms in which he has a mark, ascending by `room_id`. */
  async unreadOfMarked(who: Actor, { after, limit }: List): Promise<Unread[]> {
    const { service, store } = this.#parts;
    const { user_id } = who;
    const found: Unread[] = [];
    for (let from = after; ; ) {
      const query = { service, user_id, ...(from !== undefined && { after: from }), limit };
      const room_ids = await store.markedRooms(query);
      found.push(...(await this.unread(room_ids, who)));
      from = room_ids.at(-1);
      if (room_ids.length < limit || found.length >= limit) return found.slice(0, limit);
    }
  }

  /** Who lags does without it, as without `info` (R5): the marks can be asked for. */
  #tell({ room_id, user_id, msg_id }: NewMark): void {
    const { hub, service } = this.#parts;
    const event = { class: "media", subclass: "room", type: roomEvents.msglog_marked, obj_id: room_id };
    hub.publish(
      { ...event, body: { user_id, msg_id } },
      { lane: laneOf(service, room_id), isLossy: true, hears: this.#hears(room_id, user_id) },
    );
  }

  #hears(room_id: string, user_id: string): (subscriber: Subscriber) => boolean {
    const { service, rights } = this.#parts;
    const hears = rights.hears("msglog_get", room_id);
    if (!this.#areOwn(room_id)) return hears;
    return (subscriber) =>
      subscriber.home === service && subscriber.identity?.user_id === user_id && hears(subscriber);
  }

  async #own(room_id: string, who: Actor, after = ""): Promise<Mark[]> {
    const [found] = await this.unread([room_id], who);
    const { user_id } = who;
    if (!found || found.mark === 0 || user_id <= after) return [];
    return [{ user_id, msg_id: found.mark }];
  }

  #areOwn(room_id: string): boolean {
    return this.#parts.rights.accessOf(room_id)?.marks === "own";
  }
}
