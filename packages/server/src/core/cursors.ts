import type { Room } from "../store/store.ts";
import { type LogSource, laneOf, type Subscriber, type Wanted } from "./delivery.ts";
import { RequestError } from "./errors.ts";
import type { Feed } from "./feed.ts";
import type { Hub, Pattern } from "./hub.ts";
import type { Actor } from "./judgement.ts";
import type { RoomRights } from "./room-rights.ts";
import type { Rooms } from "./rooms.ts";

/** Whose connection it is. */
export interface Follower extends Subscriber {
  readonly feed: Feed;
  /** Then nothing is kept for it any more. */
  readonly isClosed: boolean;
}

export interface CursorsParts {
  readonly service: string;
  readonly hub: Hub;
  readonly rooms: Rooms;
  readonly log: LogSource;
  readonly rights: RoomRights;
}

/** Where a client wants to go on: behind the message `after` of a life of the room; without it, from now. */
export interface From {
  readonly after?: number | undefined;
  readonly epoch?: string | undefined;
}

/** Where a cursor was set, and what there is to read. */
interface Position {
  readonly epoch: string;
  readonly first_id: number;
  readonly last_id: number;
  /** Whether nothing is missing between what was asked for and what comes. */
  readonly recovered: boolean;
}

/** The cursors of connections on the logs of a service's rooms (M10). */
export class Cursors {
  readonly #parts: CursorsParts;

  constructor(parts: CursorsParts) {
    this.#parts = parts;
  }

  /** Whether the connection has a cursor of its own, beside those of its subscriptions. */
  has(follower: Follower, room_id: string): boolean {
    return this.#parts.hub.has(follower, follows(room_id));
  }

  /** What is told to the connection of a room waits from now on, until what this gives back is called. */
  hold(follower: Follower, room_id: string): () => void {
    const lane = laneOf(this.#parts.service, room_id);
    follower.feed.hold(lane);
    return () => follower.feed.release(lane);
  }

  /** Throws 304001 and 304104 as `open` does. */
  check(room_id: string, from: From): Promise<unknown> {
    return this.#parts.rooms.living(room_id, (room) => place(room, from, 1));
  }

  /**
   * Sets the connection's cursor on a room that is held. The cursor is there, in the same turn, when all that the log
   * shows has been told: the seam between what will be read and what comes is known by its id: no hole, no repeat.
   * Without `isLasting` the cursor is that of the subscriptions that are there. To a lasting one, or by the subscription of the
   * join, all comes as it is `wanted` from now on (M17, M23). Throws 304001 (no such room), 304104
   * (`after` is beyond the log); then everything is as before.
   */
  async open(
    follower: Follower & { readonly identity: Actor },
    room_id: string,
    from: From & { readonly isLasting: boolean; readonly wanted?: Wanted | undefined },
  ): Promise<Position> {
    const { service, hub, rooms, log, rights } = this.#parts;
    const readable = await rights.firstReadable(follower.identity, { room_id });
    return rooms.living(room_id, (room) => {
      if (follower.isClosed) throw new RequestError(100061);
      // Something may have changed since the command began.
      rights.require(follower.identity, "msglog_get", room_id);
      const { first, first_id, recovered } = place(room, from, readable);
      const { epoch, last_id } = room;
      const stays = from.after === undefined && log.isWanted(follower, room_id);
      if (from.isLasting) hub.subscribe(follower, follows(room_id));
      if (from.isLasting || from.wanted) this.#want(follower, room_id, from);
      const lane = laneOf(service, room_id);
      if (stays) follower.feed.toLife(lane, epoch);
      else follower.feed.move(lane, { log, room_id, epoch, from: first, to: last_id });
      return { epoch, first_id, last_id, recovered };
    });
  }

  /** A connection has one view of a room: the newest. That of a join takes nothing else away. */
  #want(
    follower: Follower,
    room_id: string,
    { isLasting, wanted }: { readonly isLasting: boolean; readonly wanted?: Wanted | undefined },
  ): void {
    const { hub } = this.#parts;
    const { digest = false } = wantedOf(hub, follower, room_id) ?? {};
    hub.want(follower, follows(room_id), isLasting ? wanted : undefined);
    hub.want(follower, joins(room_id), isLasting ? undefined : wanted && { ...wanted, digest });
  }

  /** Ends the connection's own cursor. Its subscriptions stay. */
  close(follower: Follower, room_id: string): void {
    follower.feed.without(() => this.#parts.hub.unsubscribe(follower, follows(room_id)));
  }
}

/** The first message that comes, and the first there is for who may read from `readable` on (R11). */
function place({ last_id, ...room }: Room, { after, epoch }: From, readable: number) {
  const first_id = Math.min(Math.max(room.first_id, readable), last_id + 1);
  if (after === undefined) return { first: last_id + 1, first_id, recovered: true };
  const isThisLife = epoch === undefined || epoch === room.epoch;
  if (isThisLife && after > last_id) throw new RequestError(304104, { field: "after", limit: last_id });
  const recovered = isThisLife && after + 1 >= first_id;
  return { first: recovered ? after + 1 : first_id, first_id, recovered };
}

/** How a connection wants what comes of a log (M17, M23). */
export function wantedOf(hub: Hub, subscriber: Subscriber, room_id: string): Wanted | undefined {
  return hub.wantedBy(subscriber, follows(room_id)) ?? hub.wantedBy(subscriber, joins(room_id));
}

/** What who joined a room is subscribed to (R4). */
function joins(obj_id: string): Pattern {
  return { class: "media", subclass: "room", obj_id };
}

export function follows(obj_id: string): Pattern {
  return { class: "media", subclass: "room", obj_id, log: "log" };
}
