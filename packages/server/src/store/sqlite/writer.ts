import type Database from "better-sqlite3";
import type { Append, CreateRoom, DestroyRoom, Write, Written } from "../store.ts";
import { openForWriting, takeLock } from "./file.ts";
import { serve } from "./worker-calls.ts";

/** The room a write goes to, while its transaction runs. */
interface Counter {
  readonly room_key: number;
  last_id: number;
  last_timestmap: number;
  touched: boolean;
}

const refused = (reason: "room_exists" | "room_not_found"): Written => ({ kind: "refused", reason });

/** The one connection that writes. Each batch is one transaction, so one fsync. */
class Writer {
  readonly #lock: Database.Database;
  readonly #db: Database.Database;
  readonly #commit: Database.Transaction<(writes: readonly Write[]) => Written[]>;
  readonly #find: Database.Statement<[string, string], Omit<Counter, "touched">>;
  readonly #create: Database.Statement<[string, string, string, string, number | null, string, number]>;
  readonly #destroy: Database.Statement<[number, number]>;
  readonly #insert: Database.Statement<[number, number, number, string, string, string]>;
  readonly #count: Database.Statement<[number, number, number]>;

  constructor(directory: string) {
    this.#lock = takeLock(directory);
    this.#db = openForWriting(directory);
    const db = this.#db;
    this.#find = db.prepare(
      "SELECT room_key, last_id, last_timestmap FROM rooms WHERE service = ? AND room_id = ? AND destroyed_at IS NULL",
    );
    this.#create = db.prepare(
      "INSERT INTO rooms (service, room_id, epoch, class, timeout, info, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#destroy = db.prepare("UPDATE rooms SET destroyed_at = ? WHERE room_key = ?");
    this.#insert = db.prepare(
      "INSERT INTO messages (room_key, msg_id, timestmap, user_id, session_id, msg) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#count = db.prepare("UPDATE rooms SET last_id = ?, last_timestmap = ? WHERE room_key = ?");
    this.#commit = db.transaction((writes) => this.#applyAll(writes));
  }

  commit(writes: readonly Write[]): Written[] {
    return this.#commit.immediate(writes);
  }

  close(): void {
    this.#db.close();
    this.#lock.close();
  }

  /** Each room's counter is read once and written once per batch. */
  #applyAll(writes: readonly Write[]): Written[] {
    const counters = new Map<string, Counter | undefined>();
    const written = writes.map((write) => this.#apply(write, counters));
    for (const counter of counters.values()) this.#save(counter);
    return written;
  }

  #apply(write: Write, counters: Map<string, Counter | undefined>): Written {
    const key = `${write.service}\u0000${write.room_id}`;
    if (!counters.has(key)) counters.set(key, this.#read(write.service, write.room_id));
    const counter = counters.get(key);
    switch (write.kind) {
      case "append":
        return counter ? this.#append(write, counter) : refused("room_not_found");
      case "create_room":
        if (counter) return refused("room_exists");
        counters.set(key, this.#start(write));
        return { kind: "done" };
      case "destroy_room":
        if (!counter) return refused("room_not_found");
        this.#end(write, counter);
        counters.set(key, undefined);
        return { kind: "done" };
    }
  }

  #append({ user_id, session_id, timestmap, msg }: Append, counter: Counter): Written {
    counter.last_id += 1;
    counter.last_timestmap = Math.max(counter.last_timestmap, timestmap);
    counter.touched = true;
    this.#insert.run(counter.room_key, counter.last_id, counter.last_timestmap, user_id, session_id, msg);
    return { kind: "appended", msg_id: counter.last_id, timestmap: counter.last_timestmap };
  }

  #start({ service, room_id, epoch, info, created_at }: CreateRoom): Counter {
    const { class: cls, timeout = null } = info;
    const text = JSON.stringify(info);
    const { lastInsertRowid } = this.#create.run(service, room_id, epoch, cls, timeout, text, created_at);
    return { room_key: Number(lastInsertRowid), last_id: 0, last_timestmap: 0, touched: false };
  }

  #end({ destroyed_at }: DestroyRoom, counter: Counter): void {
    this.#save(counter);
    this.#destroy.run(destroyed_at, counter.room_key);
  }

  #read(service: string, room_id: string): Counter | undefined {
    const row = this.#find.get(service, room_id);
    return row && { ...row, touched: false };
  }

  #save(counter: Counter | undefined): void {
    if (counter?.touched) this.#count.run(counter.last_id, counter.last_timestmap, counter.room_key);
  }
}

serve((directory: string) => new Writer(directory));

export type { Writer };
