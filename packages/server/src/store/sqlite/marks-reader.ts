import type Database from "better-sqlite3";
import {
  type Mark,
  type MarkedRoomsQuery,
  type MarksQuery,
  MOST_MENTIONS,
  type RoomKey,
  type Unread,
  type UnreadQuery,
} from "../store.ts";
import { CHANGES_AFTER } from "./rows.ts";

/** Where a log stands, and a user in it. */
interface Standing {
  readonly room_key: number;
  readonly epoch: string;
  readonly first_id: number;
  readonly last_id: number;
  readonly mark: number | null;
  readonly since_id: number | null;
}

interface Behind {
  readonly room_key: number;
  readonly after: number;
}

/** Reads how far users have read (M19), and what they have not (M20): from counters and indexes, never from messages. */
export class MarksReader {
  readonly #room: Database.Statement<[string, string], number>;
  readonly #marks: Database.Statement<[number, string, number], Mark>;
  readonly #rooms: Database.Statement<[string, string, string, number], string>;
  readonly #standing: Database.Statement<[{ user_id: string } & RoomKey], Standing>;
  readonly #changesAfter: Database.Statement<[Behind], number>;
  readonly #mentions: Database.Statement<[number, string, number], number>;
  readonly #unread: Database.Transaction<(query: UnreadQuery) => Unread[]>;

  constructor(db: Database.Database) {
    this.#room = db
      .prepare<[string, string], number>(
        "SELECT room_key FROM rooms WHERE service = ? AND room_id = ? AND destroyed_at IS NULL",
      )
      .pluck();
    this.#marks = db.prepare(
      "SELECT user_id, msg_id FROM marks WHERE room_key = ? AND user_id > ? ORDER BY user_id LIMIT ?",
    );
    this.#rooms = db
      .prepare<[string, string, string, number], string>(
        `SELECT room_id FROM marks INDEXED BY marks_by_user CROSS JOIN rooms USING (room_key)
         WHERE user_id = ? AND service = ? AND destroyed_at IS NULL AND room_id > ? ORDER BY room_id LIMIT ?`,
      )
      .pluck();
    this.#standing = db.prepare(
      `SELECT room_key, epoch, first_id, last_id,
         (SELECT msg_id FROM marks WHERE marks.room_key = rooms.room_key AND user_id = :user_id) AS mark,
         (SELECT since_id FROM standings WHERE standings.room_key = rooms.room_key AND user_id = :user_id) AS since_id
       FROM rooms WHERE service = :service AND room_id = :room_id AND destroyed_at IS NULL`,
    );
    this.#changesAfter = db.prepare<[Behind], number>(CHANGES_AFTER).pluck();
    this.#mentions = db
      .prepare<[number, string, number], number>(
        `SELECT count(*) FROM (
           SELECT 1 FROM mentions WHERE room_key = ? AND user_id = ? AND msg_id > ? LIMIT ${MOST_MENTIONS}
         )`,
      )
      .pluck();
    this.#unread = db.transaction(({ service, user_id, rooms }) =>
      rooms.flatMap(({ room_id, all }) => this.#unreadIn({ service, room_id }, user_id, all) ?? []),
    );
  }

  all({ service, room_id, after = "", limit }: MarksQuery): Mark[] | undefined {
    const room_key = this.#room.get(service, room_id);
    return room_key === undefined ? undefined : this.#marks.all(room_key, after, limit);
  }

  /** Costs as much as the user has marks. */
  rooms({ service, user_id, after = "", limit }: MarkedRoomsQuery): string[] {
    return this.#rooms.all(user_id, service, after, limit);
  }

  /** Of one moment. */
  unread(query: UnreadQuery): Unread[] {
    return this.#unread(query);
  }

  #unreadIn({ service, room_id }: RoomKey, user_id: string, all: boolean): Unread | undefined {
    const found = this.#standing.get({ service, room_id, user_id });
    if (!found) return undefined;
    const { room_key, epoch, first_id, last_id, since_id } = found;
    const mark = found.mark ?? 0;
    const readable = all ? 1 : (since_id ?? last_id + 1);
    const after = Math.max(mark, first_id - 1, readable - 1);
    const seen = { room_id, epoch, mark, last_id };
    if (after >= last_id) return { ...seen, unread: 0, mentions: 0 };
    const changes = this.#changesAfter.get({ room_key, after }) ?? 0;
    const mentions = this.#mentions.get(room_key, user_id, after) ?? 0;
    return { ...seen, unread: last_id - after - changes, mentions };
  }
}
