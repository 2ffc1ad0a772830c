import type { Retention } from "@roomlog/protocol";
import type Database from "better-sqlite3";
import { digestOf, provenOf, Salts, startDigest } from "../proof.ts";
import { withoutOwn } from "../room-info.ts";
import {
  type Append,
  type CreateRoom,
  type DestroyRoom,
  type ErasureWrite,
  type IndexMessages,
  type LifeKey,
  MOST_ID,
  type Refusal,
  type RoomKey,
  type SetSearch,
  type WebhookWrite,
  type Write,
  type Written,
} from "../store.ts";
import { AuthorIndex } from "./authors.ts";
import { Changes, isReference, isSpecial } from "./changes.ts";
import { Erasures } from "./erasures.ts";
import { openForWriting, takeLock } from "./file.ts";
import { Holds } from "./holds.ts";
import { MarksWriter, type Readers, readersOf } from "./marks-writer.ts";
import { type PackedOutcomes, type PackedWrites, packOutcomes, unpackWrites } from "./packed.ts";
import { type PlainRow, PlainRows } from "./plain-rows.ts";
import { SchemasWriter } from "./schemas.ts";
import { scrub } from "./scrub.ts";
import { SearchIndex } from "./search-index.ts";
import { giveBack } from "./space.ts";
import { StandingsWriter } from "./standings.ts";
import { Sums } from "./sums.ts";
import { Trims } from "./trims.ts";
import { WebhooksWriter } from "./webhooks-writer.ts";
import { serve } from "./worker-calls.ts";

/** The living room a write goes to, while its transaction runs. */
interface Counter extends Readers {
  readonly service: string;
  readonly room_key: number;
  readonly epoch: string;
  /** In the table. */
  readonly saved_id: number;
  last_id: number;
  last_timestmap: number;
  bytes: number;
  /** Of the log so far (M23). */
  digest: string;
  /** Of the first entry that the table of rooms does not know of. */
  first_timestmap: number | undefined;
  /** Messages that are not in the table yet. */
  rows: PlainRow[];
}

type StoredCounter = Omit<Counter, "saved_id" | "first_timestmap" | "rows" | "readers" | "newest">;

interface Committed {
  readonly outcomes: PackedOutcomes;
  /** How long SQLite's COMMIT took, in which it waits for the disk; in milliseconds. */
  readonly sync_ms: number;
}

type Counters = Map<string, Counter | undefined>;
type Bound = number | null;

const done: Written = { kind: "done" };
const refused = (reason: Refusal): Written => ({ kind: "refused", reason });

/** The one connection that writes. Each batch is one transaction, so one fsync. */
class Writer {
  readonly #lock: Database.Database;
  readonly #db: Database.Database;
  readonly #trims: Trims;
  readonly #authors: AuthorIndex;
  readonly #changes: Changes;
  readonly #search: SearchIndex;
  readonly #erasures: Erasures;
  readonly #holds: Holds;
  readonly #standings: StandingsWriter;
  readonly #schemas: SchemasWriter;
  readonly #marks: MarksWriter;
  readonly #webhooks: WebhooksWriter;
  readonly #sums: Sums;
  readonly #commit: Database.Transaction<(writes: readonly Write[]) => Written[]>;
  readonly #find: Database.Statement<[string, string], StoredCounter>;
  readonly #create: Database.Statement<
    [string, string, string, string, number | null, number, Bound, Bound, Bound, string, string, string]
  >;
  readonly #update: Database.Statement<[Bound, Bound, Bound, number]>;
  readonly #destroy: Database.Statement<[number, number, number]>;
  readonly #rows: PlainRows;
  readonly #name: Database.Statement<[number, string, string, number, number]>;
  readonly #named: Database.Statement<[number, string, string], number>;
  readonly #count: Database.Statement<[number, number, number, string, number]>;
  readonly #salts = new Salts();
  /** When the last transaction had nothing left to do but its COMMIT. */
  #appliedAt = 0;

  constructor(directory: string) {
    this.#lock = takeLock(directory);
    this.#db = openForWriting(directory);
    const db = this.#db;
    this.#authors = new AuthorIndex(db);
    this.#changes = new Changes(db);
    this.#search = new SearchIndex(db);
    this.#erasures = new Erasures(db, this.#search);
    this.#holds = new Holds(db);
    this.#standings = new StandingsWriter(db);
    this.#schemas = new SchemasWriter(db);
    this.#marks = new MarksWriter(db);
    this.#webhooks = new WebhooksWriter(db);
    this.#trims = new Trims(db, this.#authors, this.#search);
    this.#sums = new Sums(db);
    this.#find = db.prepare(
      `SELECT service, room_key, epoch, first_id, last_id, last_timestmap, bytes, marks, lower(hex(digest)) AS digest FROM rooms
       WHERE service = ? AND room_id = ? AND destroyed_at IS NULL`,
    );
    this.#create = db.prepare(
      `INSERT INTO rooms
         (service, room_id, epoch, class, timeout, created_at, max_age, max_messages, max_bytes, info, digest, base_digest)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, unhex(?), unhex(?))`,
    );
    this.#update = db.prepare(
      "UPDATE rooms SET max_age = ?, max_messages = ?, max_bytes = ? WHERE room_key = ?",
    );
    this.#destroy = db.prepare("UPDATE rooms SET destroyed_at = ?, kept = ? WHERE room_key = ?");
    this.#rows = new PlainRows(db);
    this.#name = db.prepare(
      `INSERT INTO client_msg_ids (room_key, user_id, client_msg_id, msg_id, timestmap) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (room_key, user_id, client_msg_id) DO NOTHING`,
    );
    this.#named = db
      .prepare<[number, string, string], number>(
        "SELECT msg_id FROM client_msg_ids WHERE room_key = ? AND user_id = ? AND client_msg_id = ?",
      )
      .pluck();
    this.#count = db.prepare(
      "UPDATE rooms SET last_id = ?, last_timestmap = ?, bytes = ?, digest = unhex(?) WHERE room_key = ?",
    );
    this.#commit = db.transaction((writes) => this.#applyAll(writes));
  }

  commit(packed: PackedWrites): Committed {
    const written = this.#commitAll(unpackWrites(packed));
    const sync_ms = performance.now() - this.#appliedAt;
    return { outcomes: packOutcomes(written), sync_ms };
  }

  scrub(from: number): number | undefined {
    return scrub(this.#db, from);
  }

  tidy(): boolean {
    return giveBack(this.#db);
  }

  close(): void {
    this.#db.close();
    this.#lock.close();
  }

  #commitAll(writes: readonly Write[]): Written[] {
    return this.#commit.immediate(writes);
  }

  /** Each room's counter is read once and written once per batch, but for trims. Its messages go in together. */
  #applyAll(writes: readonly Write[]): Written[] {
    const counters: Counters = new Map();
    const written = writes.map((write) => this.#apply(write, counters));
    this.#save([...counters.values()]);
    this.#sums.save();
    this.#appliedAt = performance.now();
    return written;
  }

  #apply(write: Write, counters: Counters): Written {
    if (isOfSearch(write)) return this.#applyToSearch(write, counters);
    if (isOfWebhooks(write)) return this.#applyToWebhooks(write, counters);
    if (isOfErasures(write)) return this.#applyToErasures(write, counters);
    const key = keyOf(write);
    if (!counters.has(key)) counters.set(key, this.#read(write.service, write.room_id));
    const counter = counters.get(key);
    switch (write.kind) {
      case "append":
        return counter ? this.#append(write, counter) : refused("room_not_found");
      case "create_room":
        if (counter) return refused("room_exists");
        counters.set(key, this.#start(write));
        return done;
      case "update_room":
        if (!counter) return refused("room_not_found");
        this.#update.run(...boundsOf(write), counter.room_key);
        return done;
      case "change_access":
        if (!counter) return refused("room_not_found");
        this.#standings.changeAccess(counter.room_key, write.change);
        return done;
      case "set_role":
        if (!counter) return refused("room_not_found");
        this.#standings.setRole(counter.room_key, write);
        return done;
      case "set_mute":
        if (!counter) return refused("room_not_found");
        this.#standings.setMute(counter.room_key, write);
        return done;
      case "set_since":
        if (!counter) return refused("room_not_found");
        this.#standings.setSince(counter.room_key, write.user_id, counter.last_id + 1);
        return done;
      case "set_schema":
        if (!counter || isOther(write, counter)) return refused("room_not_found");
        this.#schemas.set(counter, write);
        return done;
      case "set_mark":
        if (!counter) return refused("room_not_found");
        return isOther(write, counter) ? refused("epoch_not_found") : this.#marks.set(write, counter);
      case "destroy_room":
        if (!counter || isOther(write, counter)) return refused("room_not_found");
        this.#end(write, counter);
        counters.set(key, undefined);
        return done;
      case "trim":
        this.#save([counter]);
        counters.delete(key);
        return this.#trims.trim(write);
      case "set_hold":
        this.#holds.apply(write);
        return done;
    }
  }

  /** They look at rooms as they stand, so the counters are written first. */
  #applyToWebhooks(write: WebhookWrite, counters: Counters): Written {
    if (write.kind === "set_webhooks") {
      this.#save([...counters.values()]);
      counters.clear();
    }
    this.#webhooks.apply(write);
    return done;
  }

  #applyToSearch(write: SetSearch | IndexMessages, counters: Counters): Written {
    if (write.kind === "index_messages") {
      this.#save([...counters.values()]);
      counters.clear();
      return this.#search.build(write);
    }
    this.#search.set(write.service, write.on);
    return done;
  }

  /** They change the counters of a life that may be the living one. */
  #applyToErasures(write: ErasureWrite, counters: Counters): Written {
    if (write.kind === "erase") {
      const key = keyOf(write);
      this.#save([counters.get(key)]);
      counters.delete(key);
    }
    return this.#erasures.apply(write);
  }

  #append(write: Append, counter: Counter): Written {
    if (isOther(write, counter)) return refused("epoch_not_found");
    const { room_key, epoch } = counter;
    const { user_id, session_id, client_msg_id, msg } = write;
    const refusal = this.#refusalOf(write, counter);
    if (refusal) return refused(refusal);
    const msg_id = counter.last_id + 1;
    const timestmap = Math.max(counter.last_timestmap, write.timestmap);
    if (client_msg_id !== undefined) {
      const { changes } = this.#name.run(room_key, user_id, client_msg_id, msg_id, timestmap);
      if (changes === 0) return this.#duplicate(room_key, user_id, client_msg_id);
      this.#sums.changed("client_msg_ids", [room_key, user_id, client_msg_id, msg_id, timestmap]);
    }
    if (counter.marks > 0 && !write.change) this.#marks.sent(user_id, msg_id, counter);
    const { seal = this.#salts.next() } = write;
    const digest = digestOf(counter.digest, provenOf(write, { msg_id, timestmap, seal }));
    if (isSpecial(write)) {
      this.#changes.add(write, { room_key, msg_id, timestmap, seal, digest });
      if (write.change && write.ref !== undefined) this.#search.changed(room_key, write.ref);
    } else counter.rows.push({ room_key, msg_id, timestmap, user_id, session_id, msg, seal, digest });
    counter.digest = digest;
    counter.first_timestmap ??= timestmap;
    counter.last_id = msg_id;
    counter.last_timestmap = timestmap;
    counter.bytes += Buffer.byteLength(msg);
    const proof = write.prove ? { seal, digest } : undefined;
    const others = isReference(write) && this.#changes.isOfOthers(write, room_key);
    return { kind: "appended", epoch, msg_id, timestmap, ...(proof && { proof }), ...(others && { others }) };
  }

  /** A repeated one is no reason to refuse, whatever it refers to. */
  #refusalOf(write: Append, { room_key, last_id, rows }: Counter): Refusal | undefined {
    const { user_id, client_msg_id } = write;
    const isRepeated = () =>
      client_msg_id !== undefined && this.#named.get(room_key, user_id, client_msg_id) !== undefined;
    if (last_id === MOST_ID) return isRepeated() ? undefined : "log_full";
    if (!isReference(write) || isRepeated()) return undefined;
    this.#rows.insert(rows.splice(0));
    return this.#changes.refusal(write, room_key, last_id);
  }

  #duplicate(room_key: number, user_id: string, client_msg_id: string): Written {
    return { kind: "duplicate", msg_id: this.#named.get(room_key, user_id, client_msg_id) as number };
  }

  #start({ service, room_id, epoch, info, created_at, owner }: CreateRoom): Counter {
    const { class: cls, timeout = null } = info;
    const text = JSON.stringify(withoutOwn(info));
    const bounds = boundsOf(info);
    const digest = startDigest({ room_id, epoch });
    const { lastInsertRowid } = this.#create.run(
      service,
      room_id,
      epoch,
      cls,
      timeout,
      created_at,
      ...bounds,
      text,
      digest,
      digest,
    );
    const room_key = Number(lastInsertRowid);
    if (info.access) this.#standings.changeAccess(room_key, info.access);
    if (owner !== undefined) this.#standings.setRole(room_key, { user_id: owner, role: "owner" });
    const empty = { first_id: 1, last_id: 0, last_timestmap: 0, bytes: 0, marks: 0, digest };
    return counterOf({ service, room_key, epoch, ...empty });
  }

  #end({ destroyed_at, keep_log }: DestroyRoom, counter: Counter): void {
    this.#save([counter]);
    this.#webhooks.ended(counter, destroyed_at);
    this.#destroy.run(destroyed_at, this.#holds.keptAtEnd(counter.room_key, keep_log), counter.room_key);
  }

  #read(service: string, room_id: string): Counter | undefined {
    const row = this.#find.get(service, room_id);
    return row && counterOf(row);
  }

  /** Brings the table up to date with what is counted so far. */
  #save(counters: readonly (Counter | undefined)[]): void {
    const grown = counters.filter(isGrown);
    this.#rows.insert(grown.flatMap(({ rows }) => rows));
    for (const counter of counters) if (counter?.readers) this.#marks.save(counter);
    for (const counter of grown) {
      const { room_key, saved_id, last_id, last_timestmap, bytes, digest } = counter;
      this.#count.run(last_id, last_timestmap, bytes, digest, room_key);
      this.#authors.grown(room_key, saved_id, last_id);
      this.#search.grown(counter, saved_id, last_id);
      this.#webhooks.grown(counter, counter.first_timestmap as number);
    }
  }
}

/** Nothing has been counted since it was read. */
function counterOf(stored: StoredCounter): Counter {
  const { last_id } = stored;
  return { ...stored, ...readersOf(stored), saved_id: last_id, first_timestmap: undefined, rows: [] };
}

function isGrown(counter: Counter | undefined): counter is Counter {
  return counter !== undefined && counter.last_id !== counter.saved_id;
}

function isOfSearch(write: Write): write is SetSearch | IndexMessages {
  return write.kind === "set_search" || write.kind === "index_messages";
}

function isOfWebhooks(write: Write): write is WebhookWrite {
  return write.kind === "set_webhooks" || write.kind === "move_cursor" || write.kind === "drop_dead_letter";
}

function isOfErasures(write: Write): write is ErasureWrite {
  return write.kind === "begin_erasure" || write.kind === "erase" || write.kind === "end_erasure";
}

function keyOf({ service, room_id }: RoomKey): string {
  return `${service}\u0000${room_id}`;
}

/** Whether the write is meant for another life than the living one. */
function isOther({ epoch }: LifeKey, living: Counter): boolean {
  return epoch !== undefined && epoch !== living.epoch;
}

function boundsOf({ retention = {} }: { readonly retention?: Retention | undefined }): [Bound, Bound, Bound] {
  return [retention.max_age ?? null, retention.max_messages ?? null, retention.max_bytes ?? null];
}

serve((directory: string) => new Writer(directory));

export { Writer };
