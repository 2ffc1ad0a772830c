import type { Room } from "../store/store.ts";
import { RequestError } from "./errors.ts";
import type { Feed } from "./feed.ts";
import { type Hub, type LogSource, laneOf, type Pattern, type Subscriber } from "./hub.ts";
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

/** A cursor that was set and waits to begin. */
export interface Cursor {
  readonly position: Position;
  /** Lets the messages come. */
  start(): void;
  /** Leaves the connection's subscriptions with this cursor, but none of its own that was not there before. */
  handOver(): void;
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

  /**
   * Sets the connection's cursor. From the first moment what is told to it of the room waits. The cursor is there, in
   * the same turn, when all that the log shows has been told: the seam between what will be read and what comes is
   * known by its id: no hole, no repeat. Throws 304001 (no such room), 304104 (`after` is beyond the log); then
   * everything is as before.
   */
  async open(follower: Follower, room_id: string, from: From): Promise<Cursor> {
    const { service, hub, rooms, log } = this.#parts;
    const lane = laneOf(service, room_id);
    const isNew = !this.has(follower, room_id);
    const handOver = () => {
      if (isNew) this.close(follower, room_id);
    };
    follower.feed.hold(lane);
    try {
      const position = await rooms.living(room_id, (room, told) => {
        if (follower.isClosed) throw new RequestError(100061);
        const { first, recovered } = place(room, from);
        const { epoch, first_id, last_id } = room;
        const stays = from.after === undefined && log.isWanted(follower, room_id);
        hub.subscribe(follower, follows(room_id));
        const stretch = { log, room_id, epoch, from: first, to: Math.max(last_id, told) };
        follower.feed.move(lane, stretch, !stays);
        return { epoch, first_id, last_id, recovered };
      });
      return { position, handOver, start: () => follower.feed.release(lane) };
    } catch (error) {
      follower.feed.release(lane);
      throw error;
    }
  }

  /** Ends the connection's own cursor. Its subscriptions stay. */
  close(follower: Follower, room_id: string): void {
    follower.feed.without(() => this.#parts.hub.unsubscribe(follower, follows(room_id)));
  }
}

/** The first message that comes. */
function place(room: Room, { after, epoch }: From): { readonly first: number; readonly recovered: boolean } {
  if (after === undefined) return { first: room.last_id + 1, recovered: true };
  const isThisLife = epoch === undefined || epoch === room.epoch;
  if (isThisLife && after > room.last_id)
    throw new RequestError(304104, { field: "after", limit: room.last_id });
  const recovered = isThisLife && after + 1 >= room.first_id;
  return { first: recovered ? after + 1 : room.first_id, recovered };
}

function follows(obj_id: string): Pattern {
  return { class: "media", subclass: "room", obj_id, log: "log" };
}
