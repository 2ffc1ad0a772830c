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
} from "./store.ts";

export interface BatchLimits {
  /** Writes in one commit. */
  readonly batch_writes: number;
  /** Bytes of messages in one commit; a batch has at least one write. */
  readonly batch_bytes: number;
}

/** A batch that was made durable. Times are those of `performance.now()`, in milliseconds. */
export interface Commit {
  readonly writes: number;
  readonly started: number;
  readonly ended: number;
  /** How much of it was waiting for the disk, when the driver says it. */
  readonly sync_ms: number | undefined;
}

/** Called once for each write, in the order of the log, when it is durable, or when nobody can know (`unknown`). */
export type Settled = (outcome: Written | { readonly kind: "unknown" }) => void;

interface Waiting {
  readonly write: Write;
  readonly settled: Settled;
}

/**
 * A store with its lifecycle and its group commit: while one batch is being made durable the next one fills.
 * The first failure of a commit or of work on the files is final (an fsync that is tried again may report success for data
 * that is gone), and so is a driver that is lost: every write that waits is answered `unknown`, none is tried again, and
 * `onFailure` is called once.
 */
export class ManagedStore {
  readonly #driver: Store;
  readonly #limits: BatchLimits;
  readonly #onFailure: (cause: unknown) => void;
  readonly #onCommit: (commit: Commit) => void;
  #waiting: Waiting[] = [];
  #committing = false;
  #scheduled = false;
  #failure: { readonly cause: unknown; reported: boolean } | undefined;
  #idle: (() => void)[] = [];
  /** The batch that is being made durable, or the last one. */
  #current: Promise<void> = Promise.resolve();
  #opened: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #batches = 0;
  #writes = 0;

  constructor(
    driver: Store,
    limits: BatchLimits,
    onFailure: (cause: unknown) => void,
    onCommit: (commit: Commit) => void = () => {},
  ) {
    this.#driver = driver;
    this.#limits = limits;
    this.#onFailure = onFailure;
    this.#onCommit = onCommit;
  }

  /** Commits and writes so far; their ratio is the mean batch size. */
  get counts(): { readonly batches: number; readonly writes: number } {
    return { batches: this.#batches, writes: this.#writes };
  }

  open(): Promise<void> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  /** Writes that are not in a commit yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Queues a write. `settled` runs later, never in this call. */
  write(write: Write, settled: Settled): void {
    this.#waiting.push({ write, settled });
    this.#schedule();
  }

  /** Resolves when every write that a read may have seen by now has been told to its caller. */
  settled(): Promise<void> {
    return this.#current;
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

  /** "failed" without a try when the store has failed or is closing. */
  scrub(from: number): Promise<number | undefined | "failed"> {
    return this.#work(() => this.#driver.scrub(from), "failed" as const);
  }

  /** False without a try when the store has failed or is closing. */
  tidy(): Promise<boolean> {
    return this.#work(() => this.#driver.tidy(), false);
  }

  /** Work on the files beside the commits, whose failure is final too. */
  async #work<T, F>(work: () => Promise<T>, failed: F): Promise<T | F> {
    if (this.#failure || this.#closed) return failed;
    try {
      return await work();
    } catch (cause) {
      this.#fail(cause);
      return failed;
    }
  }

  #fail(cause: unknown): void {
    this.#failure ??= { cause, reported: false };
    if (!this.#committing && !this.#scheduled) this.#report();
  }

  async #open(): Promise<void> {
    await this.#driver.open();
    void this.#driver.lost?.then((cause) => this.#fail(cause));
  }

  /** Makes what waits durable, then closes the driver. */
  close(): Promise<void> {
    this.#closed ??= this.#drain().then(() => this.#driver.close());
    return this.#closed;
  }

  /** A batch begins at the end of the turn, so that everything read in this turn shares it: no timer, no delay. */
  #schedule(): void {
    if (this.#committing || this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#commitAll();
    });
  }

  async #commitAll(): Promise<void> {
    this.#committing = true;
    while (this.#waiting.length > 0) {
      this.#current = this.#commit(this.#takeBatch());
      await this.#current;
    }
    this.#committing = false;
    this.#report();
    for (const resume of this.#idle.splice(0)) resume();
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const outcomes = this.#failure ? undefined : await this.#tryCommit(batch.map(({ write }) => write));
    batch.forEach(({ settled }, i) => {
      settled(outcomes?.[i] ?? { kind: "unknown" });
    });
  }

  async #tryCommit(writes: readonly Write[]): Promise<Written[] | undefined> {
    const started = performance.now();
    try {
      const outcomes = await this.#driver.commit(writes);
      this.#batches += 1;
      this.#writes += writes.length;
      const { sync_ms } = this.#driver;
      this.#onCommit({ writes: writes.length, started, ended: performance.now(), sync_ms });
      return outcomes;
    } catch (cause) {
      this.#failure ??= { cause, reported: false };
      return undefined;
    }
  }

  /** Told after everything that waited has its answer. */
  #report(): void {
    if (!this.#failure || this.#failure.reported) return;
    this.#failure.reported = true;
    this.#onFailure(this.#failure.cause);
  }

  #takeBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { write } of this.#waiting) {
      bytes += write.kind === "append" ? Buffer.byteLength(write.msg) : 0;
      if (count > 0 && (count >= this.#limits.batch_writes || bytes > this.#limits.batch_bytes)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  #drain(): Promise<void> {
    if (!this.#committing && !this.#scheduled) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }
}
