import type Database from "better-sqlite3";
import { MOST_MARKS, type SetMark, type Written } from "../store.ts";
import { CHANGES_AFTER } from "./rows.ts";

/** A user who has a mark, while a transaction runs. */
interface Reader {
  /** In the table; undefined when it is not there yet. */
  readonly saved: number | undefined;
  mark: number;
  /** The newest entry that there was when he had read everything; -1 when he has not. */
  level: number;
}

/** The marks of a room, as far as a transaction has to do with them. */
export interface Readers {
  readonly room_key: number;
  readonly first_id: number;
  readonly last_id: number;
  /** How many there are. */
  marks: number;
  /** Who was looked at, undefined when he has no mark; undefined when nobody was. */
  readers: Map<string, Reader | undefined> | undefined;
  /** The newest message since somebody was looked at first; 0 without one. */
  newest: number;
}

export function readersOf({ marks }: Pick<Readers, "marks">): Pick<Readers, "marks" | "readers" | "newest"> {
  return { marks, readers: undefined, newest: 0 };
}

/** Writes how far users have read (M19), a row for each user of a batch. Runs inside the writer's transaction. */
export class MarksWriter {
  readonly #mark: Database.Statement<[number, string], number>;
  readonly #changesAfter: Database.Statement<[ChangesAfter], number>;
  readonly #save: Database.Statement<[number, string, number]>;
  readonly #count: Database.Statement<[number, number]>;

  constructor(db: Database.Database) {
    this.#mark = db
      .prepare<[number, string], number>("SELECT msg_id FROM marks WHERE room_key = ? AND user_id = ?")
      .pluck();
    this.#changesAfter = db.prepare<[ChangesAfter], number>(CHANGES_AFTER).pluck();
    this.#save = db.prepare("INSERT OR REPLACE INTO marks (room_key, user_id, msg_id) VALUES (?, ?, ?)");
    this.#count = db.prepare("UPDATE rooms SET marks = ? WHERE room_key = ?");
  }

  set({ user_id, msg_id }: SetMark, room: Readers): Written {
    if (msg_id > room.last_id) return { kind: "refused", reason: "message_not_found" };
    const reader = this.#reader(user_id, room);
    if (!reader && room.marks >= MOST_MARKS) return { kind: "refused", reason: "too_many_marks" };
    if (reader && reader.mark >= msg_id) return { kind: "marked", moved: false };
    if (!reader) room.marks += 1;
    room.readers?.set(user_id, this.#readerAt(msg_id, room, reader?.saved));
    return { kind: "marked", moved: true };
  }

  /** A message is about to be stored. Who has read all before it has read it too. */
  sent(user_id: string, msg_id: number, room: Readers): void {
    const reader = this.#reader(user_id, room);
    if (reader && reader.level >= room.newest) {
      reader.mark = msg_id;
      reader.level = msg_id;
    }
    room.newest = msg_id;
  }

  save({ room_key, marks, readers = new Map() }: Readers): void {
    let isMore = false;
    for (const [user_id, reader] of readers) {
      if (!reader || reader.mark === reader.saved) continue;
      isMore ||= reader.saved === undefined;
      this.#save.run(room_key, user_id, reader.mark);
    }
    if (isMore) this.#count.run(marks, room_key);
  }

  #reader(user_id: string, room: Readers): Reader | undefined {
    room.readers ??= new Map();
    if (!room.readers.has(user_id)) {
      const mark = room.marks === 0 ? undefined : this.#mark.get(room.room_key, user_id);
      room.readers.set(user_id, mark === undefined ? undefined : this.#readerAt(mark, room, mark));
    }
    return room.readers.get(user_id);
  }

  #readerAt(mark: number, room: Readers, saved: number | undefined): Reader {
    return { saved, mark, level: this.#isLevel(mark, room) ? room.last_id : -1 };
  }

  /** Whether nothing but edits and deletions stands behind it. */
  #isLevel(mark: number, { room_key, first_id, last_id }: Readers): boolean {
    const after = Math.max(mark, first_id - 1);
    return after === last_id || this.#changesAfter.get({ room_key, after }) === last_id - after;
  }
}

interface ChangesAfter {
  readonly room_key: number;
  readonly after: number;
}
