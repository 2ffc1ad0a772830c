import type { EntryOp } from "@roomlog/protocol";
import type Database from "better-sqlite3";
import type { Append, Refusal } from "../store.ts";
import { MESSAGE, messageKey } from "./message-key.ts";

interface Target {
  readonly user_id: string;
  readonly op: EntryOp | null;
  /** What the newest change of it did. */
  readonly changed: EntryOp | null;
  readonly erased: 1 | null;
}

/** Where an entry is stored. */
interface Place {
  readonly room_key: number;
  readonly msg_id: number;
}

interface Stored extends Place {
  readonly timestmap: number;
  readonly seal: string;
  readonly digest: string;
}

/** An entry that refers to another one. */
export type Reference = Append & { readonly ref: number };

export function isReference(write: Append): write is Reference {
  return write.ref !== undefined;
}

/** Whether its row has more than those of plain messages. */
export function isSpecial({ ref, mentions }: Append): boolean {
  return ref !== undefined || mentions !== undefined;
}

/** Writes entries that change, refer to or mention others (M15, M16, M20), inside the writer's transaction. */
export class Changes {
  readonly #target: Database.Statement<[number, number], Target>;
  readonly #insert: Database.Statement<
    [
      number,
      number,
      number,
      string,
      string,
      string,
      EntryOp | null,
      number | null,
      string | null,
      string,
      string,
    ]
  >;
  readonly #edits: Database.Statement<[number, number], number>;
  readonly #mark: Database.Statement<[number, number, number]>;
  readonly #markEdits: Database.Statement<[number, number, number]>;
  readonly #number: Database.Statement<[number, number, number]>;
  readonly #mention: Database.Statement<[number, string, number]>;
  readonly #dropMentions: Database.Statement<[number, number]>;

  constructor(db: Database.Database) {
    this.#target = db.prepare(
      `SELECT user_id, op, erased, (
         SELECT op FROM messages AS change
         WHERE change.message_key = ${messageKey("messages.room_key", "messages.changed_by")}
       ) AS changed
       FROM messages WHERE ${MESSAGE}`,
    );
    this.#insert = db.prepare(
      `INSERT INTO messages (message_key, timestmap, user_id, session_id, msg, op, ref, mentions, seal, digest)
       VALUES (${messageKey("?", "?")}, ?, ?, ?, ?, ?, ?, ?, unhex(?), unhex(?))`,
    );
    this.#edits = db
      .prepare<[number, number], number>(
        "SELECT count(*) FROM messages INDEXED BY edits_by_message WHERE room_key = ? AND ref = ? AND op = 'edit'",
      )
      .pluck();
    this.#mark = db.prepare(`UPDATE messages SET changed_by = ? WHERE ${MESSAGE}`);
    this.#markEdits = db.prepare(
      "UPDATE messages INDEXED BY edits_by_message SET changed_by = ? WHERE room_key = ? AND ref = ? AND op = 'edit'",
    );
    this.#number = db.prepare(
      `INSERT INTO changes (room_key, msg_id, number) VALUES (
         ?, ?, 1 + ifnull((SELECT number FROM changes WHERE room_key = ? ORDER BY msg_id DESC LIMIT 1), 0)
       )`,
    );
    this.#mention = db.prepare("INSERT INTO mentions (room_key, user_id, msg_id) VALUES (?, ?, ?)");
    this.#dropMentions = db.prepare("DELETE FROM mentions WHERE room_key = ? AND msg_id = ?");
  }

  /** Why the entry cannot be stored. All entries up to `last_id` are in the table. */
  refusal({ ref, change, user_id }: Reference, room_key: number, last_id: number): Refusal | undefined {
    if (!change) return ref > last_id ? "message_not_found" : undefined;
    const target = this.#target.get(room_key, ref);
    if (!target || target.op !== null || target.changed === "delete" || target.erased)
      return "message_not_found";
    if (!change.any && target.user_id !== user_id) return "not_author";
    const { op, most_edits = Number.POSITIVE_INFINITY } = change;
    const isFull = op === "edit" && (this.#edits.get(room_key, ref) as number) >= most_edits;
    return isFull ? "too_many_edits" : undefined;
  }

  /** Whether it changes a message of somebody else. */
  isOfOthers({ ref, change, user_id }: Reference, room_key: number): boolean {
    return change?.any === true && this.#target.get(room_key, ref)?.user_id !== user_id;
  }

  /** Stores the entry, and marks what it changes: with a deletion the edits too. */
  add(write: Append, { room_key, msg_id, timestmap, seal, digest }: Stored): void {
    const { user_id, session_id, msg, ref, change, mentions } = write;
    const listed = mentions ? JSON.stringify(mentions) : null;
    const row = [room_key, msg_id, timestmap, user_id, session_id, msg] as const;
    this.#insert.run(...row, change?.op ?? null, ref ?? null, listed, seal, digest);
    if (change && ref !== undefined) this.#change(change.op, ref, { room_key, msg_id });
    // Nobody is told of what he says himself.
    for (const user of mentions ?? []) if (user !== user_id) this.#mention.run(room_key, user, msg_id);
  }

  #change(op: EntryOp, ref: number, { room_key, msg_id }: Place): void {
    this.#number.run(room_key, msg_id, room_key);
    this.#mark.run(msg_id, room_key, ref);
    if (op === "edit") return;
    this.#markEdits.run(msg_id, room_key, ref);
    this.#dropMentions.run(room_key, ref);
  }
}
