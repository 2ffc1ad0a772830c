import { type BatchLimits, ManagedStore, type Settled } from "../../store/managed.ts";
import type {
  Authored,
  AuthoredQuery,
  BehindQuery,
  DeadLetter,
  DeadLettersQuery,
  DigestQuery,
  Erasable,
  ErasableQuery,
  Erasure,
  ErasuresQuery,
  KeptWebhook,
  Life,
  LifeKey,
  ListedRoom,
  LivesQuery,
  LogDigest,
  Mark,
  MarkedRoomsQuery,
  MarksQuery,
  MessageQuery,
  NewestSchemas,
  NewestSchemasQuery,
  Overdue,
  OverdueQuery,
  Page,
  PageText,
  PageTextQuery,
  Room,
  RoomKey,
  RoomQuery,
  RoomsBehind,
  SchemaVersion,
  StandingQuery,
  Standings,
  StandingsQuery,
  Store,
  TrimmableQuery,
  Trimmed,
  Undelivered,
  UndeliveredQuery,
  Unread,
  UnreadQuery,
  Usage,
  UsageQuery,
  WebhooksQuery,
  Write,
  Written,
} from "../../store/store.ts";
import { type NewStore, type StoreCase, whileOpen } from "./case.ts";

/** A driver whose calls are counted and whose commits and `tidy` can be held up. */
class WatchedStore implements Store {
  readonly batches: (readonly Write[])[] = [];
  /** Resolved, it is a driver that was lost. */
  readonly loss = Promise.withResolvers<unknown>();
  readonly lost = this.loss.promise;
  opened = 0;
  closed = 0;
  tidied = 0;
  /** Runs before commit number `n`, from 1; the commit waits for it and fails with it. */
  before: (n: number) => Promise<void> = async () => {};
  /** `tidy` waits for it and fails with it. */
  beforeTidy: () => Promise<void> = async () => {};
  readonly #driver: Store;

  constructor(driver: Store) {
    this.#driver = driver;
  }

  open(): Promise<void> {
    this.opened += 1;
    return this.#driver.open();
  }

  async commit(writes: readonly Write[]): Promise<Written[]> {
    await this.before(this.batches.push(writes));
    return this.#driver.commit(writes);
  }

  room(key: RoomKey): Promise<Room | undefined> {
    return this.#driver.room(key);
  }

  rooms(query: RoomQuery): Promise<ListedRoom[]> {
    return this.#driver.rooms(query);
  }

  usage(query: UsageQuery): Promise<Usage> {
    return this.#driver.usage(query);
  }

  life(key: LifeKey): Promise<Life | undefined> {
    return this.#driver.life(key);
  }

  standing(query: StandingQuery): ReturnType<Store["standing"]> {
    return this.#driver.standing(query);
  }

  standings(query: StandingsQuery): Promise<Standings> {
    return this.#driver.standings(query);
  }

  schemas(query: LifeKey): Promise<SchemaVersion[] | undefined> {
    return this.#driver.schemas(query);
  }

  newestSchemas(query: NewestSchemasQuery): Promise<NewestSchemas> {
    return this.#driver.newestSchemas(query);
  }

  endedLives(query: LivesQuery): Promise<Life[]> {
    return this.#driver.endedLives(query);
  }

  messages(query: MessageQuery): Promise<Page | undefined> {
    return this.#driver.messages(query);
  }

  pageText(query: PageTextQuery): Promise<PageText | undefined> {
    return this.#driver.pageText(query);
  }

  digest(query: DigestQuery): Promise<LogDigest | undefined> {
    return this.#driver.digest(query);
  }

  overdue(query: OverdueQuery): Promise<Overdue> {
    return this.#driver.overdue(query);
  }

  trimmable(query: TrimmableQuery): Promise<Trimmed | undefined> {
    return this.#driver.trimmable(query);
  }

  webhooks(query: WebhooksQuery): Promise<KeptWebhook[]> {
    return this.#driver.webhooks(query);
  }

  roomsBehind(query: BehindQuery): Promise<RoomsBehind> {
    return this.#driver.roomsBehind(query);
  }

  undelivered(query: UndeliveredQuery): Promise<Undelivered | undefined> {
    return this.#driver.undelivered(query);
  }

  marks(query: MarksQuery): Promise<Mark[] | undefined> {
    return this.#driver.marks(query);
  }

  markedRooms(query: MarkedRoomsQuery): Promise<string[]> {
    return this.#driver.markedRooms(query);
  }

  unread(query: UnreadQuery): Promise<Unread[]> {
    return this.#driver.unread(query);
  }

  deadLetters(query: DeadLettersQuery): Promise<DeadLetter[]> {
    return this.#driver.deadLetters(query);
  }

  authored(query: AuthoredQuery): Promise<Authored> {
    return this.#driver.authored(query);
  }

  erasable(query: ErasableQuery): Promise<Erasable | undefined> {
    return this.#driver.erasable(query);
  }

  erasures(query: ErasuresQuery): Promise<Erasure[]> {
    return this.#driver.erasures(query);
  }

  scrub(from: number): Promise<number | undefined> {
    return this.#driver.scrub(from);
  }

  async tidy(): Promise<boolean> {
    this.tidied += 1;
    await this.beforeTidy();
    return this.#driver.tidy();
  }

  close(): Promise<void> {
    this.closed += 1;
    return this.#driver.close();
  }
}

/** A `ManagedStore`, the driver as it sees it, and what it has reported through `onFailure`. */
export interface Managed {
  readonly store: ManagedStore;
  readonly driver: WatchedStore;
  readonly failures: readonly unknown[];
}

/** What a write was answered. */
export type Outcome = Parameters<Settled>[0];

export function managed(newStore: NewStore, limits: Partial<BatchLimits> = {}): Managed {
  const driver = new WatchedStore(newStore());
  const failures: unknown[] = [];
  const allLimits = { batch_writes: 1024, batch_bytes: 1_000_000, ...limits };
  return { driver, failures, store: new ManagedStore(driver, allLimits, (cause) => failures.push(cause)) };
}

/** A case that needs one open `ManagedStore`. */
export function managedCase(
  title: string,
  limits: Partial<BatchLimits>,
  check: (managed: Managed) => Promise<void>,
): StoreCase {
  const run = (newStore: NewStore) => {
    const parts = managed(newStore, limits);
    return whileOpen(parts.store, () => check(parts));
  };
  return { title, run };
}

/** A write and the wait for its answer. */
export function settle(store: ManagedStore, write: Write): Promise<Outcome> {
  return new Promise((resolve) => store.write(write, resolve));
}
