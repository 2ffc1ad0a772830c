import type Database from "better-sqlite3";

/** What is asked for: lives of a service, from a key of `rooms` on, of which `most` are looked at. */
interface SliceQuery {
  readonly service: string;
  readonly from: number;
  readonly most: number;
}

/** The parameters of `IN_SLICE`. */
export interface LifeSlice {
  readonly service: string;
  /** Keys of `rooms`; `end` is the first one behind the slice. */
  readonly from: number;
  readonly end: number;
}

/** `+`: by its index each slice would walk through all rooms of the service. */
export const IN_SLICE = "rooms.room_key >= :from AND rooms.room_key < :end AND +service = :service";

/** Walks through the lives of all services in slices, so that a look never takes long, whoever's they are. */
export class LifeSlices {
  readonly #next: Database.Statement<[number, number], number>;

  constructor(db: Database.Database) {
    this.#next = db
      .prepare<[number, number], number>(
        "SELECT room_key FROM rooms WHERE room_key >= ? ORDER BY room_key LIMIT 1 OFFSET ?",
      )
      .pluck();
  }

  /** The slice, and where the next one begins: undefined behind the last one. */
  at({ service, from, most }: SliceQuery): { readonly slice: LifeSlice; readonly next: number | undefined } {
    const next = this.#next.get(from, most);
    return { slice: { service, from, end: next ?? Number.MAX_SAFE_INTEGER }, next };
  }
}
