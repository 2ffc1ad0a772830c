import type Database from "better-sqlite3";
import {
  type DropDeadLetter,
  MOST_DEAD_LETTERS,
  type MoveCursor,
  type SetWebhooks,
  type WebhookWrite,
} from "../store.ts";

interface WebhookRow {
  readonly webhook_key: number;
  readonly webhook: string;
  readonly removed_at: number | null;
}

/** The part of a room's counter that matters here. */
interface Life {
  readonly service: string;
  readonly room_key: number;
  /** Of the newest message that was in the table before. */
  readonly saved_id: number;
  readonly last_id: number;
  readonly last_timestmap: number;
}

/** A look for dead letters that are too many walks through all of them. */
const LETTERS_PER_LOOK = 100;

/** Writes how far webhooks have been told (W4–W6). Runs inside the writer's transaction. */
export class WebhooksWriter {
  readonly #newest: Database.Statement<[], { readonly service: string; readonly since: number }>;
  readonly #all: Database.Statement<[string], WebhookRow>;
  readonly #add: Database.Statement<[string, string, number]>;
  readonly #levelAhead: Database.Statement<[number, string, number, number]>;
  readonly #setRemoved: Database.Statement<[number | null, number]>;
  readonly #forget: readonly Database.Statement<[number]>[];
  readonly #begin: Database.Statement<[number, number, string, number]>;
  readonly #find: Database.Statement<[string, string], number>;
  readonly #move: Database.Statement<[number, number, number, string, string, string]>;
  readonly #joinLetter: Database.Statement<[number, string, number, number, string, string, number]>;
  readonly #addLetter: Database.Statement<[number, string, string, number, number, string, number]>;
  readonly #boundLetters: Database.Statement<[number, number, number]>;
  readonly #shortenLetter: Database.Statement<[number, number, string]>;
  readonly #dropLetter: Database.Statement<[number]>;
  /** From when on the newest webhook of a service is told; nothing for most services. */
  #since: ReadonlyMap<string, number> = new Map();

  constructor(db: Database.Database) {
    this.#newest = db.prepare("SELECT service, max(since) AS since FROM webhooks GROUP BY service");
    this.#all = db.prepare("SELECT webhook_key, webhook, removed_at FROM webhooks WHERE service = ?");
    this.#add = db.prepare("INSERT INTO webhooks (service, webhook, since) VALUES (?, ?, ?)");
    this.#levelAhead = db.prepare(
      `INSERT INTO webhook_cursors (room_key, webhook_key, delivered_id, ended)
       SELECT room_key, ?, last_id, destroyed_at IS NOT NULL FROM rooms
       WHERE service = ? AND (last_timestmap >= ? OR destroyed_at >= ?)`,
    );
    this.#setRemoved = db.prepare("UPDATE webhooks SET removed_at = ? WHERE webhook_key = ?");
    this.#forget = ["webhook_cursors", "dead_letters", "webhooks"].map((table) =>
      db.prepare(`DELETE FROM ${table} WHERE webhook_key = ?`),
    );
    this.#begin = db.prepare(
      `INSERT OR IGNORE INTO webhook_cursors (room_key, webhook_key, delivered_id, ended)
       SELECT ?, webhook_key, ?, 0 FROM webhooks WHERE service = ? AND since > ?`,
    );
    this.#find = db
      .prepare<[string, string], number>("SELECT webhook_key FROM webhooks WHERE service = ? AND webhook = ?")
      .pluck();
    this.#move = db.prepare(
      `INSERT INTO webhook_cursors (room_key, webhook_key, delivered_id, ended)
       SELECT room_key, ?, ?, ? FROM rooms WHERE service = ? AND room_id = ? AND epoch = ?
       ON CONFLICT (room_key, webhook_key) DO UPDATE
       SET delivered_id = max(delivered_id, excluded.delivered_id), ended = max(ended, excluded.ended)`,
    );
    this.#joinLetter = db.prepare(
      `UPDATE dead_letters SET to_id = ?, error = ?, at = ?
       WHERE letter = (SELECT max(letter) FROM dead_letters WHERE webhook_key = ? AND room_id = ? AND epoch = ?)
         AND to_id + 1 = ?`,
    );
    this.#addLetter = db.prepare(
      `INSERT INTO dead_letters (webhook_key, room_id, epoch, from_id, to_id, error, at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#boundLetters = db.prepare(
      `DELETE FROM dead_letters WHERE webhook_key = ? AND letter <= (
         SELECT letter FROM dead_letters WHERE webhook_key = ? ORDER BY letter DESC LIMIT 1 OFFSET ?
       )`,
    );
    this.#shortenLetter = db.prepare(
      `UPDATE dead_letters SET from_id = max(from_id, ? + 1)
       WHERE letter = ? AND webhook_key IN (SELECT webhook_key FROM webhooks WHERE service = ?)`,
    );
    this.#dropLetter = db.prepare("DELETE FROM dead_letters WHERE letter = ? AND from_id > to_id");
    this.#readSince();
  }

  apply(write: WebhookWrite): void {
    switch (write.kind) {
      case "set_webhooks":
        return this.#set(write);
      case "move_cursor":
        return this.#moveCursor(write);
      case "drop_dead_letter":
        return this.#dropDeadLetter(write);
    }
  }

  /**
   * A log has grown; `time` is that of the first new message. Where there is no cursor, times say what a webhook is
   * told. A message that looks older than the webhook, since the clock was set back, needs one.
   */
  grown({ service, room_key, saved_id }: Life, time: number): void {
    if (time < (this.#since.get(service) ?? 0)) this.#begin.run(room_key, saved_id, service, time);
  }

  /** A life ends, with its messages in the table. The same as `grown`. */
  ended({ service, room_key, last_id, last_timestmap }: Life, destroyed_at: number): void {
    const time = Math.max(last_timestmap, destroyed_at);
    if (time < (this.#since.get(service) ?? 0)) this.#begin.run(room_key, last_id, service, time);
  }

  #set({ service, webhooks, now, forget_before }: SetWebhooks): void {
    const known = new Set<string>();
    for (const { webhook_key, webhook, removed_at } of this.#all.all(service)) {
      if (removed_at !== null && removed_at < forget_before) {
        for (const forget of this.#forget) forget.run(webhook_key);
        continue;
      }
      known.add(webhook);
      const removed = webhooks.includes(webhook) ? null : (removed_at ?? now);
      this.#setRemoved.run(removed, webhook_key);
    }
    for (const webhook of webhooks) if (!known.has(webhook)) this.#addNew(service, webhook, now);
    this.#readSince();
  }

  /** What is in rooms already and looks as if it came later, since the clock was set back, is not for it. */
  #addNew(service: string, webhook: string, now: number): void {
    const { lastInsertRowid } = this.#add.run(service, webhook, now);
    this.#levelAhead.run(Number(lastInsertRowid), service, now, now);
  }

  #moveCursor({ service, room_id, epoch, webhook, delivered_id, ended, dead }: MoveCursor): void {
    const webhook_key = this.#find.get(service, webhook);
    if (webhook_key === undefined) return;
    this.#move.run(webhook_key, delivered_id, ended ? 1 : 0, service, room_id, epoch);
    if (!dead) return;
    const { from_id, to_id, error, at } = dead;
    if (from_id <= to_id) {
      const joined = this.#joinLetter.run(to_id, error, at, webhook_key, room_id, epoch, from_id);
      if (joined.changes > 0) return;
    }
    const { lastInsertRowid } = this.#addLetter.run(webhook_key, room_id, epoch, from_id, to_id, error, at);
    if (Number(lastInsertRowid) % LETTERS_PER_LOOK === 0)
      this.#boundLetters.run(webhook_key, webhook_key, MOST_DEAD_LETTERS);
  }

  #dropDeadLetter({ service, letter, to_id }: DropDeadLetter): void {
    const { changes } = this.#shortenLetter.run(to_id, letter, service);
    if (changes > 0) this.#dropLetter.run(letter);
  }

  #readSince(): void {
    this.#since = new Map(this.#newest.all().map(({ service, since }) => [service, since]));
  }
}
