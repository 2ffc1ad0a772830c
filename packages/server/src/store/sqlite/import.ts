import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { EntryOp, MessageStamp, RoomInfo } from "@roomlog/protocol";
import type Database from "better-sqlite3";
import { digestOf, provenOf, Salts, startDigest } from "../proof.ts";
import type { Append } from "../store.ts";
import { AuthorIndex } from "./authors.ts";
import { Changes, isReference, isSpecial } from "./changes.ts";
import { openForWriting, takeLock } from "./file.ts";
import { ALL_MESSAGES } from "./message-key.ts";
import { PlainRows } from "./plain-rows.ts";
import { Sums } from "./sums.ts";

/** A life of a room that comes from elsewhere. Times are µs since 1970. */
export interface ImportedLife {
  readonly service: string;
  readonly room_id: string;
  readonly epoch: string;
  readonly class: RoomInfo["class"];
  readonly first_id: number;
  readonly created_at: number;
  /** Of the log before its first entry here (M23); the beginning of a log knows its own. */
  readonly base_digest?: string | undefined;
  /** Absent for a room that is to live. */
  readonly destroyed_at?: number | undefined;
}

/** An entry as it was sent (M15). */
export interface ImportedEntry extends MessageStamp {
  readonly msg: string;
  readonly op: EntryOp | undefined;
  readonly ref: number | undefined;
  readonly mentions: readonly string[] | undefined;
  /** What proves it (M23): its salt, or the commitment when its body is gone for good (M21). Without it a new salt is made. */
  readonly seal: string | undefined;
}

/** What is in the way of a life. */
export type Taken = "life" | "room";

/**
 * Writes a life of a room with all its entries in one transaction, in a data directory that no server has. The entries
 * come in the order of their ids, without holes. Whoever opens it ends it with `finish` or `discard`, which leaves nothing.
 */
export class LifeImport {
  readonly #db: Database.Database;
  readonly #life: ImportedLife;
  readonly #close: (isDone: boolean) => void;
  readonly #changes: Changes;
  readonly #rows: PlainRows;
  readonly #sums: Sums;
  readonly #salts = new Salts();
  #digest: string;
  #room_key = 0;
  #last_id: number;
  #last_timestmap = 0;
  #bytes = 0;

  /** Throws a `StoreError` when the directory cannot be used. */
  constructor(directory: string, life: ImportedLife) {
    const { db, close } = openAlone(directory);
    this.#db = db;
    this.#close = close;
    this.#life = life;
    this.#last_id = life.first_id - 1;
    this.#changes = new Changes(db);
    this.#sums = new Sums(db);
    this.#digest = (life.first_id > 1 && life.base_digest) || startDigest(life);
    this.#rows = new PlainRows(db);
    db.exec("BEGIN IMMEDIATE");
  }

  /** Makes the room; what is in the way of it when there is something. */
  begin(): Taken | undefined {
    const { service, room_id, epoch, class: cls, first_id, created_at, destroyed_at = null } = this.#life;
    const found = this.#db
      .prepare<[string, string], { epoch: string; destroyed_at: number | null }>(
        "SELECT epoch, destroyed_at FROM rooms WHERE service = ? AND room_id = ?",
      )
      .all(service, room_id);
    if (found.some((life) => life.epoch === epoch)) return "life";
    if (destroyed_at === null && found.some((life) => life.destroyed_at === null)) return "room";
    const { lastInsertRowid } = this.#db
      .prepare(
        `INSERT INTO rooms (service, room_id, epoch, class, created_at, destroyed_at, first_id, info, digest, base_digest)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, unhex(?), unhex(?))`,
      )
      .run(
        ...[service, room_id, epoch, cls, created_at, destroyed_at, first_id],
        ...[JSON.stringify({ class: cls }), this.#digest, this.#digest],
      );
    this.#room_key = Number(lastInsertRowid);
    return undefined;
  }

  /** False when it changes what is no message, or was deleted, or refers to what comes later. */
  add({ msg_id, op, seal = this.#salts.next(), ...stored }: ImportedEntry): boolean {
    const { service, room_id } = this.#life;
    const room_key = this.#room_key;
    const { timestmap, user_id, session_id, msg } = stored;
    const entry: Append = {
      kind: "append",
      service,
      room_id,
      ...stored,
      change: op && { op, any: true },
    };
    if (!this.#fits(entry, msg_id)) return false;
    this.#digest = digestOf(this.#digest, provenOf(entry, { msg_id, timestmap, seal }));
    const proof = { seal, digest: this.#digest };
    if (isSpecial(entry)) this.#changes.add(entry, { room_key, msg_id, timestmap, ...proof });
    else this.#rows.insert([{ room_key, msg_id, timestmap, user_id, session_id, msg, ...proof }]);
    this.#last_id = msg_id;
    this.#last_timestmap = timestmap;
    this.#bytes += Buffer.byteLength(msg);
    return true;
  }

  /** What is not kept any more may have been changed before it went. */
  #fits(entry: Append, msg_id: number): boolean {
    if (!isReference(entry) || entry.ref < this.#life.first_id) return true;
    return entry.ref < msg_id && !this.#changes.refusal(entry, this.#room_key, this.#last_id);
  }

  /** By which entry each one is changed that is, ascending by `msg_id`. */
  changes(): IterableIterator<{ readonly msg_id: number; readonly changed_by: number }> {
    return this.#db
      .prepare<[number, number], { msg_id: number; changed_by: number }>(
        `SELECT msg_id, changed_by FROM messages WHERE ${ALL_MESSAGES} AND changed_by IS NOT NULL ORDER BY message_key`,
      )
      .iterate(this.#room_key, this.#room_key);
  }

  /** Makes it durable. Webhooks are not told what was said elsewhere (W4). */
  finish(): void {
    const room_key = this.#room_key;
    this.#db
      .prepare(
        "UPDATE rooms SET last_id = ?, last_timestmap = ?, bytes = ?, digest = unhex(?) WHERE room_key = ?",
      )
      .run(this.#last_id, this.#last_timestmap, this.#bytes, this.#digest, room_key);
    // Not before: what is erased cannot be changed any more.
    this.#db
      .prepare(`UPDATE messages SET erased = 1 WHERE ${ALL_MESSAGES} AND length(seal) = 32`)
      .run(room_key, room_key);
    new AuthorIndex(this.#db).grown(room_key, this.#life.first_id - 1, this.#last_id);
    this.#db
      .prepare(
        `INSERT INTO webhook_cursors (room_key, webhook_key, delivered_id, ended)
         SELECT ?, webhook_key, ?, ? FROM webhooks WHERE service = ?`,
      )
      .run(room_key, this.#last_id, this.#life.destroyed_at === undefined ? 0 : 1, this.#life.service);
    this.#sums.save();
    this.#db.exec("COMMIT");
    this.#close(true);
  }

  discard(): void {
    this.#close(false);
  }
}

/** Opens a directory that nobody else has; what was made in it is taken away again when nothing comes of it. */
function openAlone(directory: string) {
  const before = existsSync(directory) ? readdirSync(directory) : undefined;
  const lock = takeLock(directory);
  let db: Database.Database | undefined;
  const close = (isDone: boolean) => {
    db?.close();
    lock.close();
    if (!isDone) sweep(directory, before);
  };
  try {
    db = openForWriting(directory);
    return { db, close };
  } catch (error) {
    close(false);
    throw error;
  }
}

function sweep(directory: string, before: readonly string[] | undefined): void {
  if (!before) return rmSync(directory, { recursive: true, force: true });
  // What a running server has made meanwhile has the lock, and then nothing was opened here.
  const added = readdirSync(directory).filter(
    (name) => name.startsWith("roomlog.") && !before.includes(name),
  );
  for (const name of added) rmSync(join(directory, name), { force: true });
}
