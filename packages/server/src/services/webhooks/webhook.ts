import { matchesRoom, RequestError, type Stop } from "../../core/plugin.ts";
import { Lane, type Step } from "./lane.ts";
import { backOff, Pace } from "./pace.ts";
import { STOPPING } from "./request.ts";
import type { WebhookSettings } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

/** Rooms that wait for their turn; of more, the store is asked when there is room again. */
const MOST_WAITING = 10_000;
/** Lives that are looked at in one query. */
const PAGE = 1000;
/** Between two of them, in milliseconds. */
const PAUSE_MS = 10;
/** A failing webhook is a line of the log this often. */
const LINE_MS = 60_000;

/** Tells one receiver what is stored: which rooms are behind, and whose turn it is. */
export class Webhook {
  readonly #surroundings: Surroundings;
  readonly #pace: Pace;
  #settings: WebhookSettings;
  /** Rooms whose turn comes, in its order. */
  readonly #waiting = new Set<string>();
  readonly #lanes = new Map<string, Lane>();
  /** Requests that run. */
  readonly #running = new Set<AbortController>();
  /** Dead letters that are sent again (W7), beside them. */
  readonly #retries = new Set<AbortController>();
  #finished: Promise<void> | undefined;
  #idle: () => void = () => {};
  /** Whether rooms may be behind that are not known here. */
  #isIncomplete = false;
  #isSweeping = false;
  #isScheduled = false;
  #isStopped = false;
  #stopTimer: Stop = () => {};
  #lastError: { readonly error: string; readonly at: number } | undefined;
  #isFailing = false;
  /** Requests that were answered with 2xx, and that were not; letters that were given up. For the metrics. */
  readonly counts = { told: 0, failed: 0, dead: 0 };
  #lineAt = Number.NEGATIVE_INFINITY;

  constructor(settings: WebhookSettings, surroundings: Surroundings) {
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#pace = new Pace(() => this.#settings, surroundings.service.random);
  }

  get settings(): WebhookSettings {
    return this.#settings;
  }

  /** Goes on with other settings; what rests is tried at once, since they may be what was wrong. */
  update(settings: WebhookSettings): void {
    this.#settings = settings;
    this.#pace.reset();
    for (const room_id of this.#waiting) if (!this.#names(room_id)) this.#waiting.delete(room_id);
    // Also those that were put aside, and are named again.
    for (const lane of this.#lanes.values()) if (lane.state !== "running") this.#enqueue(lane.room_id);
    void this.sweep();
  }

  /** A room has something new. A hint, and nothing more: the store says what. */
  news(room_id: string): void {
    if (!this.#names(room_id)) return;
    const lane = this.#lanes.get(room_id);
    if (lane) lane.hasNews = true;
    if (!lane || lane.state === "level") this.#enqueue(room_id);
  }

  /** Looks for rooms that are behind, also those of which no hint came. */
  async sweep(): Promise<void> {
    if (this.#isSweeping || this.#isStopped) return;
    this.#isSweeping = true;
    let settings: WebhookSettings;
    do {
      settings = this.#settings;
      this.#isIncomplete = false;
      await this.#enqueueAllBehind(settings).catch((error: unknown) => this.#failedToLook(error));
    } while (settings !== this.#settings && !this.#isStopped);
    this.#isSweeping = false;
  }

  /** A lane was written down. */
  kept(lane: Lane): void {
    const isOwn = this.#lanes.get(lane.room_id) === lane;
    if (isOwn && lane.state === "level" && lane.isKept) this.#lanes.delete(lane.room_id);
  }

  /** W7 */
  get standing() {
    const { clock } = this.#surroundings;
    const behind = [...this.#lanes.values()].filter(({ state }) => state !== "level");
    const unknown = [...this.#waiting].filter((room_id) => !this.#lanes.has(room_id));
    const oldest = behind.reduce((least, { oldest = least }) => Math.min(least, oldest), clock.wall());
    return {
      webhook: this.#settings.name,
      state: this.#isFailing ? ("failing" as const) : ("ok" as const),
      failures: this.#pace.failures,
      rooms_behind: behind.length + unknown.length,
      lag_seconds: Math.floor((clock.wall() - oldest) / 1e6),
      ...(this.#lastError && { last_error: this.#lastError.error, last_error_at: this.#lastError.at }),
    };
  }

  /** Begins nothing more; resolves when what runs has ended (T5). */
  finish(): Promise<void> {
    this.#quit();
    this.#finished ??= new Promise((resolve) => {
      this.#idle = resolve;
      if (this.#running.size === 0) resolve();
    });
    return this.#finished;
  }

  /** Has a dead letter sent again, until it is given up with what runs. */
  async retry<T>(send: (abort: AbortController) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    this.#retries.add(abort);
    return send(abort).finally(() => this.#retries.delete(abort));
  }

  /** Gives up what runs. */
  stop(): void {
    this.#quit();
    for (const abort of [...this.#running, ...this.#retries]) abort.abort(STOPPING);
  }

  #quit(): void {
    this.#isStopped = true;
    this.#stopTimer();
    for (const { stopRest } of this.#lanes.values()) stopRest();
  }

  async #enqueueAllBehind(settings: WebhookSettings): Promise<void> {
    const { rooms, name } = settings;
    if (!rooms.endsWith("*")) return this.#enqueueNew(rooms);
    const query = { webhook: name, prefix: rooms.slice(0, -1), most: PAGE };
    for (let from: number | undefined = 0; from !== undefined && !this.#isIncomplete; ) {
      const slice = await this.#surroundings.deliveries.roomsBehind({ ...query, from });
      for (const room_id of slice.room_ids) this.#enqueueNew(room_id);
      from = this.#isStopped || settings !== this.#settings ? undefined : slice.next;
      if (from !== undefined) await this.#pause();
    }
  }

  /** One that has a lane is on its way (W2), or rests (W3). */
  #enqueueNew(room_id: string): void {
    if (!this.#lanes.has(room_id)) this.#enqueue(room_id);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#surroundings.clock.after(PAUSE_MS, resolve));
  }

  #names(room_id: string): boolean {
    return matchesRoom(this.#settings.rooms, room_id);
  }

  #enqueue(room_id: string): void {
    const lane = this.#lanes.get(room_id);
    lane?.stopRest();
    if (!this.#names(room_id)) return lane && this.#putAside(lane);
    if (!lane && this.#waiting.size >= MOST_WAITING) {
      this.#isIncomplete = true;
      return;
    }
    if (lane) lane.state = "waiting";
    this.#waiting.add(room_id);
    this.#schedule();
  }

  /** Once at the end of a turn, however many rooms have news in it. */
  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#begin();
    });
  }

  /** Begins as many requests as may run. */
  #begin(): void {
    if (this.#isStopped) return;
    const { clock } = this.#surroundings;
    for (const room_id of this.#waiting) {
      if (this.#running.size >= this.#pace.mayRun(clock.monotonic())) break;
      this.#waiting.delete(room_id);
      void this.#run(this.#laneOf(room_id));
    }
    const rest = this.#pace.restsFor(clock.monotonic());
    this.#stopTimer();
    if (this.#waiting.size > 0 && rest > 0) this.#stopTimer = clock.after(rest, () => this.#schedule());
    if (this.#isIncomplete && this.#waiting.size < MOST_WAITING / 2) void this.sweep();
  }

  #laneOf(room_id: string): Lane {
    const lane = this.#lanes.get(room_id) ?? new Lane(room_id, () => this.#settings, this.#surroundings);
    this.#lanes.set(room_id, lane);
    return lane;
  }

  async #run(lane: Lane): Promise<void> {
    const abort = new AbortController();
    this.#running.add(abort);
    lane.state = "running";
    lane.hasNews = false;
    const step = await lane.step(abort).catch((error: unknown) => this.#failedToLook(error));
    this.#running.delete(abort);
    if (this.#isStopped) {
      if (this.#running.size === 0) this.#idle();
      return;
    }
    this.#goOn(lane, step);
    this.#schedule();
  }

  #goOn(lane: Lane, step: Step): void {
    if (step.kind === "told") this.#succeeded();
    if (step.kind === "failed") return this.#failed(lane, step);
    const isLevel = step.kind === "level" || step.isLevel;
    if (lane.hasNews || !isLevel) return this.#enqueue(lane.room_id);
    this.#putAside(lane);
  }

  /** It is kept until the store knows how far it is. */
  #putAside(lane: Lane): void {
    lane.state = "level";
    this.kept(lane);
  }

  #succeeded(): void {
    this.counts.told += 1;
    const wasDown = this.#pace.isDown;
    this.#pace.succeeded();
    this.#isFailing = false;
    if (wasDown) this.#wakeAll();
  }

  #failed(lane: Lane, { error, retry_after_ms, isGone, gaveUp }: Step & { readonly kind: "failed" }): void {
    const { clock, service } = this.#surroundings;
    this.counts.failed += 1;
    if (gaveUp) this.counts.dead += 1;
    if (isGone) this.#pace.succeeded();
    else this.#pace.failed(clock.monotonic(), retry_after_ms);
    this.#note(error, lane.room_id);
    if (gaveUp || !this.#names(lane.room_id)) return this.#enqueue(lane.room_id);
    const ms = backOff(lane.failures, this.#settings.max_retry_seconds, service.random());
    lane.state = "resting";
    lane.stopRest = clock.after(ms, () => this.#enqueue(lane.room_id));
  }

  #note(error: string, room_id: string): void {
    const { clock, service } = this.#surroundings;
    this.#isFailing = true;
    this.#lastError = { error, at: clock.wall() };
    if (clock.monotonic() - this.#lineAt < LINE_MS) return;
    this.#lineAt = clock.monotonic();
    const fields = { service: service.name, webhook: this.#settings.name, room_id, error };
    service.logger.warn(fields, "a webhook failed; it is tried again");
  }

  /** The store could not be read. One that has failed or closes says so itself. */
  #failedToLook(error: unknown): Step {
    const { service } = this.#surroundings;
    if (!this.#isStopped && !(error instanceof RequestError))
      service.logger.error({ err: error, webhook: this.#settings.name }, "a webhook could not read the logs");
    this.#isIncomplete = true;
    const what = "the store could not be read";
    return { kind: "failed", error: what, retry_after_ms: 0, isGone: false, gaveUp: false };
  }

  /** Rooms that rest are tried now. */
  #wakeAll(): void {
    for (const lane of this.#lanes.values()) if (lane.state === "resting") this.#enqueue(lane.room_id);
  }
}
