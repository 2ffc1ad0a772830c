import type Database from "better-sqlite3";
import type { Range } from "./authors.ts";
import { MESSAGE } from "./message-key.ts";

/** Finds places in logs by time. */
export class Times {
  readonly #time: Database.Statement<[number, number], number>;

  constructor(db: Database.Database) {
    this.#time = db
      .prepare<[number, number], number>(`SELECT timestmap FROM messages WHERE ${MESSAGE}`)
      .pluck();
  }

  /** The lowest id of the range with a time from `time` on, or the one behind it: times never fall as ids rise. */
  firstSince(time: number, room_key: number, { low, high }: Range): number {
    let [from, to] = [low, high];
    while (from <= to) {
      const middle = from + Math.floor((to - from) / 2);
      if ((this.#time.get(room_key, middle) ?? 0) < time) from = middle + 1;
      else to = middle - 1;
    }
    return from;
  }
}
