import { MAX_ROOM_ID } from "@roomlog/protocol";
import type Database from "better-sqlite3";
import type { ListedRoom, Message, MessageQuery, Page, Room, RoomKey, RoomQuery } from "../store.ts";
import { openForReading } from "./file.ts";
import { serve } from "./worker-calls.ts";

interface RoomRow {
  readonly room_key: number;
  readonly room_id: string;
  readonly epoch: string;
  readonly info: string;
  readonly last_id: number;
}

type ListedRow = Pick<ListedRoom, "room_id" | "class"> & { readonly timeout: number | null };

/** Behind a prefix, greater than whatever else may follow it. */
const ABOVE_ANY_ROOM_ID = "\u{10ffff}".repeat(MAX_ROOM_ID + 1);

const room = ({ room_id, epoch, info, last_id }: RoomRow): Room => ({
  room_id,
  epoch,
  info: JSON.parse(info),
  last_id,
});

const listed = ({ timeout, ...row }: ListedRow): ListedRoom => (timeout === null ? row : { ...row, timeout });

/** The connection that reads, in a thread of its own, so that a long page never delays a send. */
class Reader {
  readonly #db: Database.Database;
  readonly #room: Database.Statement<[string, string], RoomRow>;
  readonly #rooms: Database.Statement<[string, string, string, string, string, number], ListedRow>;
  readonly #messages: Database.Statement<[number, number, number], Message>;

  constructor(directory: string) {
    this.#db = openForReading(directory);
    this.#room = this.#db.prepare(
      "SELECT room_key, room_id, epoch, info, last_id FROM rooms WHERE service = ? AND room_id = ? AND destroyed_at IS NULL",
    );
    this.#rooms = this.#db.prepare(
      `SELECT room_id, class, timeout FROM rooms
       WHERE service = ? AND destroyed_at IS NULL AND room_id >= max(?, ?) AND +room_id > ? AND room_id < ?
       ORDER BY room_id LIMIT ?`,
    );
    this.#messages = this.#db.prepare(
      `SELECT msg_id, user_id, session_id, timestmap, msg FROM messages
       WHERE room_key = ? AND msg_id > ? ORDER BY msg_id LIMIT ?`,
    );
  }

  room({ service, room_id }: RoomKey): Room | undefined {
    const row = this.#room.get(service, room_id);
    return row && room(row);
  }

  rooms({ service, after = "", prefix = "", limit }: RoomQuery): ListedRoom[] {
    return this.#rooms.all(service, after, prefix, after, prefix + ABOVE_ANY_ROOM_ID, limit).map(listed);
  }

  messages({ service, room_id, after, limit, max_bytes }: MessageQuery): Page | undefined {
    const row = this.#room.get(service, room_id);
    if (!row) return undefined;
    const messages: Message[] = [];
    let bytes = 0;
    for (const message of this.#messages.iterate(row.room_key, after, limit)) {
      bytes += Buffer.byteLength(message.msg);
      if (messages.length > 0 && bytes > max_bytes) return { messages, cut: true };
      messages.push(message);
    }
    return { messages, cut: false };
  }

  close(): void {
    this.#db.close();
  }
}

serve((directory: string) => new Reader(directory));

export type { Reader };
