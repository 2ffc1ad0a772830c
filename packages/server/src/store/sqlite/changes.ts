import type { EntryOp } from "@roomlog/protocol";
import type Database from "better-sqlite3";
import type { Append, Refusal } from "../store.ts";

interface Target {
  readonly user_id: string;
  readonly op: EntryOp | null;
  /** What the newest change of it did. */
  readonly changed: EntryOp | null;
  readonly erased: 1 | null;
}

interface Referring {
  readonly room_key: number;
  readonly msg_id: number;
  readonly timestmap: number;
}

/** An entry that refers to another one. */
export type Reference = Append & { readonly ref: number };

export function isReference(write: Append): write is Reference {
  return write.ref !== undefined;
}

/** Writes entries that change or refer to others (M15, M16), inside the writer's transaction. */
export class Changes {
  readonly #target: Database.Statement<[number, number], Target>;
  readonly #insert: Database.Statement<
    [number, number, number, string, string, string, EntryOp | null, number]
  >;
  readonly #mark: Database.Statement<[number, number, number]>;
  readonly #markEdits: Database.Statement<[number, number, number]>;

  constructor(db: Database.Database) {
    this.#target = db.prepare(
      `SELECT user_id, op, erased, (
         SELECT op FROM messages AS change
         WHERE change.room_key = messages.room_key AND change.msg_id = messages.changed_by
       ) AS changed
       FROM messages WHERE room_key = ? AND msg_id = ?`,
    );
    this.#insert = db.prepare(
      `INSERT INTO messages (room_key, msg_id, timestmap, user_id, session_id, msg, op, ref)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#mark = db.prepare("UPDATE messages SET changed_by = ? WHERE room_key = ? AND msg_id = ?");
    this.#markEdits = db.prepare(
      "UPDATE messages SET changed_by = ? WHERE room_key = ? AND ref = ? AND op = 'edit'",
    );
  }

  /** Why the entry cannot be stored. All entries up to `last_id` are in the table. */
  refusal({ ref, change, user_id }: Reference, room_key: number, last_id: number): Refusal | undefined {
    if (!change) return ref > last_id ? "message_not_found" : undefined;
    const target = this.#target.get(room_key, ref);
    if (!target || target.op !== null || target.changed === "delete" || target.erased)
      return "message_not_found";
    return change.any || target.user_id === user_id ? undefined : "not_author";
  }

  /** Stores the entry, and marks what it changes: with a deletion the edits too. */
  add(
    { user_id, session_id, msg, ref, change }: Reference,
    { room_key, msg_id, timestmap }: Referring,
  ): void {
    const op = change?.op ?? null;
    this.#insert.run(room_key, msg_id, timestmap, user_id, session_id, msg, op, ref);
    if (change) this.#mark.run(msg_id, room_key, ref);
    if (op === "delete") this.#markEdits.run(msg_id, room_key, ref);
  }
}
