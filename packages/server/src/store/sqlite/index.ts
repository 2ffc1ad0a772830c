import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Authored,
  type AuthoredQuery,
  type BehindQuery,
  type DeadLetter,
  type DeadLettersQuery,
  type DigestQuery,
  type Erasable,
  type ErasableQuery,
  type Erasure,
  type ErasuresQuery,
  type KeptWebhook,
  type Life,
  type LifeKey,
  type ListedRoom,
  type LivesQuery,
  type LogDigest,
  type Mark,
  type MarkedRoomsQuery,
  type MarksQuery,
  type MessageQuery,
  type NewestSchemas,
  type NewestSchemasQuery,
  type Overdue,
  type OverdueQuery,
  type Page,
  type PageText,
  type PageTextQuery,
  type Room,
  type RoomKey,
  type RoomQuery,
  type RoomsBehind,
  type SchemaVersion,
  type StandingQuery,
  type Standings,
  type StandingsQuery,
  type Store,
  StoreError,
  type TrimmableQuery,
  type Trimmed,
  type Undelivered,
  type UndeliveredQuery,
  type Unread,
  type UnreadQuery,
  type Usage,
  type UsageQuery,
  type WebhooksQuery,
  type Write,
  type Written,
} from "../store.ts";
import { checkReadable } from "./file.ts";
import { packWrites, unpackOutcomes } from "./packed.ts";
import type { Reader } from "./reader.ts";
import { WorkerCalls } from "./worker-calls.ts";
import type { Writer } from "./writer.ts";

/** The threads' modules lie beside this one, as source or built. */
const module = (name: string): URL =>
  new URL(`./${name}${extname(fileURLToPath(import.meta.url))}`, import.meta.url);

/** What reads a data directory that may be another process's. */
export type ReadOnlyStore = Pick<
  Store,
  "rooms" | "room" | "life" | "endedLives" | "pageText" | "digest" | "usage" | "close"
>;

/** Opens a data directory without taking it: beside a server, or without one. Nothing in it is changed. */
export async function openReadOnly(directory: string): Promise<ReadOnlyStore> {
  try {
    checkReadable(directory);
  } catch (cause) {
    throw cause instanceof StoreError ? cause : unreadable(directory, cause);
  }
  const reader = new WorkerCalls<Reader>(module("reader"), directory);
  return {
    rooms: (query) => reader.call("rooms", query),
    room: (key) => reader.call("room", key),
    life: (key) => reader.call("life", key),
    endedLives: (query) => reader.call("endedLives", query),
    pageText: (query) => reader.call("pageText", query),
    digest: (query) => reader.call("digest", query),
    usage: (query) => reader.call("usage", query),
    close: () => reader.call("close", undefined),
  };
}

/**
 * Rooms and logs in one SQLite file: one thread writes (WAL, `synchronous=FULL`, a transaction a batch), another
 * reads what has been committed.
 */
export class SqliteStore implements Store {
  readonly #directory: string;
  readonly #lost = Promise.withResolvers<unknown>();
  /** When one of its threads has ended. */
  readonly lost = this.#lost.promise;
  /** Of the last commit. */
  sync_ms: number | undefined;
  #threads: { readonly writer: WorkerCalls<Writer>; readonly reader: WorkerCalls<Reader> } | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async open(): Promise<void> {
    // Both begin at once; what they open, they open at the first call: the reader what the writer has brought up to date.
    const writer = new WorkerCalls<Writer>(module("writer"), this.#directory, this.#lost.resolve);
    const reader = new WorkerCalls<Reader>(module("reader"), this.#directory, this.#lost.resolve);
    try {
      await writer.call("commit", packWrites([]));
      await reader.call("room", { service: "", room_id: "" });
      this.#threads = { writer, reader };
    } catch (cause) {
      await reader.call("close", undefined).catch(() => {});
      await writer.call("close", undefined).catch(() => {});
      throw cause instanceof StoreError ? cause : unavailable(this.#directory, cause);
    }
  }

  async commit(writes: readonly Write[]): Promise<Written[]> {
    const { outcomes, sync_ms } = await this.#running.writer.call("commit", packWrites(writes));
    this.sync_ms = sync_ms;
    return unpackOutcomes(outcomes);
  }

  room(key: RoomKey): Promise<Room | undefined> {
    return this.#running.reader.call("room", key);
  }

  rooms(query: RoomQuery): Promise<ListedRoom[]> {
    return this.#running.reader.call("rooms", query);
  }

  usage(query: UsageQuery): Promise<Usage> {
    return this.#running.reader.call("usage", query);
  }

  life(key: LifeKey): Promise<Life | undefined> {
    return this.#running.reader.call("life", key);
  }

  standing(query: StandingQuery): ReturnType<Store["standing"]> {
    return this.#running.reader.call("standing", query);
  }

  standings(query: StandingsQuery): Promise<Standings> {
    return this.#running.reader.call("standings", query);
  }

  schemas(query: LifeKey): Promise<SchemaVersion[] | undefined> {
    return this.#running.reader.call("schemas", query);
  }

  newestSchemas(query: NewestSchemasQuery): Promise<NewestSchemas> {
    return this.#running.reader.call("newestSchemas", query);
  }

  endedLives(query: LivesQuery): Promise<Life[]> {
    return this.#running.reader.call("endedLives", query);
  }

  messages(query: MessageQuery): Promise<Page | undefined> {
    return this.#running.reader.call("messages", query);
  }

  pageText(query: PageTextQuery): Promise<PageText | undefined> {
    return this.#running.reader.call("pageText", query);
  }

  digest(query: DigestQuery): Promise<LogDigest | undefined> {
    return this.#running.reader.call("digest", query);
  }

  overdue(query: OverdueQuery): Promise<Overdue> {
    return this.#running.reader.call("overdue", query);
  }

  trimmable(query: TrimmableQuery): Promise<Trimmed | undefined> {
    return this.#running.reader.call("trimmable", query);
  }

  webhooks(query: WebhooksQuery): Promise<KeptWebhook[]> {
    return this.#running.reader.call("webhooks", query);
  }

  roomsBehind(query: BehindQuery): Promise<RoomsBehind> {
    return this.#running.reader.call("roomsBehind", query);
  }

  undelivered(query: UndeliveredQuery): Promise<Undelivered | undefined> {
    return this.#running.reader.call("undelivered", query);
  }

  marks(query: MarksQuery): Promise<Mark[] | undefined> {
    return this.#running.reader.call("marks", query);
  }

  markedRooms(query: MarkedRoomsQuery): Promise<string[]> {
    return this.#running.reader.call("markedRooms", query);
  }

  unread(query: UnreadQuery): Promise<Unread[]> {
    return this.#running.reader.call("unread", query);
  }

  deadLetters(query: DeadLettersQuery): Promise<DeadLetter[]> {
    return this.#running.reader.call("deadLetters", query);
  }

  authored(query: AuthoredQuery): Promise<Authored> {
    return this.#running.reader.call("authored", query);
  }

  erasable(query: ErasableQuery): Promise<Erasable | undefined> {
    return this.#running.reader.call("erasable", query);
  }

  erasures(query: ErasuresQuery): Promise<Erasure[]> {
    return this.#running.reader.call("erasures", query);
  }

  scrub(from: number): Promise<number | undefined> {
    return this.#running.writer.call("scrub", from);
  }

  tidy(): Promise<boolean> {
    return this.#running.writer.call("tidy", undefined);
  }

  async close(): Promise<void> {
    const { reader, writer } = this.#running;
    // One that was lost must not keep the writer from closing.
    await reader.call("close", undefined).catch(() => {});
    await writer.call("close", undefined);
  }

  get #running() {
    if (!this.#threads) throw new Error("the store is not open");
    return this.#threads;
  }
}

function unreadable(directory: string, cause: unknown): StoreError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new StoreError("unavailable", `The data directory ${directory} cannot be read: ${why}.`, { cause });
}

function unavailable(directory: string, cause: unknown): StoreError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const what = `The data directory ${directory} cannot be used: ${why}. Check that it is on a local disk, writable and not full.`;
  return new StoreError("unavailable", what, { cause });
}
