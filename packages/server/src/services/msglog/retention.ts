import type { Retention as Kept } from "@roomlog/protocol";
import { type Bounds, type Log, RequestError, type Service, type Trimmed } from "../../core/plugin.ts";
import type { MsglogSettings } from "./settings.ts";

/** Messages that are dropped in one commit. */
const SLICE = 256;
/** Between two slices of the background work, in milliseconds: sends have the disk to themselves meanwhile. */
const PAUSE_MS = 10;
/** Lives that are looked at in one query. */
const LIVES = 1000;
/** A name of a send is known for at least this long (M9), µs. */
const NAMES_US = 24 * 3600 * 1_000_000;

/** A life of a room, and where to cut its log when not by retention. */
interface What {
  readonly room_id: string;
  readonly epoch: string;
  readonly before?: number;
}

/** Drops what logs need not keep (M13): in the background by and by, and at once when told to. */
export class Retention {
  readonly #service: Service;
  readonly #log: Log;
  readonly #settings: MsglogSettings;
  /** The wall clock at the start, less the monotonic one, µs. */
  readonly #origin: number;
  #stopped = false;
  #sweeping = false;

  constructor(service: Service, log: Log, settings: MsglogSettings) {
    this.#service = service;
    this.#log = log;
    this.#settings = settings;
    this.#origin = service.clock.wall() - service.clock.monotonic() * 1000;
  }

  /** Begins the background work. Gives back what ends it. */
  start(): () => void {
    const stop = this.#service.clock.every(this.#settings.sweep_seconds * 1000, () => void this.#sweep());
    return () => {
      this.#stopped = true;
      stop();
    };
  }

  /** Drops from a log what has to go, in one go. Gives back what went in all. Throws 304106, 304105, 100051. */
  async drop(what: What): Promise<Trimmed> {
    let messages = 0;
    let bytes = 0;
    for (;;) {
      if (this.#stopped) throw new RequestError(100051);
      const slice = await this.#log.trim({ ...what, bounds: this.#bounds(), most: SLICE });
      messages += slice.messages;
      bytes += slice.bytes;
      if (!slice.more) return { ...slice, messages, bytes };
    }
  }

  /** What `drop` would drop; with `own` as if that were the room's own retention. Throws 304106. */
  wouldDrop(what: What, own?: Kept): Promise<Trimmed> {
    return this.#log.trimmable({ ...what, ...(own && { own }), bounds: this.#bounds(), most: LIVES });
  }

  #bounds(): Bounds {
    const now = this.#now();
    return { retention: this.#settings.retention, now, names_before: now - NAMES_US };
  }

  /** The wall clock, but never ahead of what has really passed: a clock that was set forward deletes nothing. */
  #now(): number {
    const { clock } = this.#service;
    return Math.floor(Math.min(clock.wall(), this.#origin + clock.monotonic() * 1000));
  }

  async #sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      await this.#dropOverdue();
      while (!this.#stopped && (await this.#log.tidy())) await this.#pause();
    } catch (error) {
      // A store that has failed or closes says so itself.
      if (!this.#stopped && !(error instanceof RequestError)) {
        this.#service.logger.error({ err: error }, "retention could not do its work");
      }
    }
    this.#sweeping = false;
  }

  async #dropOverdue(): Promise<void> {
    for (let from: number | undefined = 0; from !== undefined && !this.#stopped; ) {
      const found = await this.#log.overdue({ bounds: this.#bounds(), from, most: LIVES });
      for (const life of found.lives) await this.#dropSlowly(life);
      from = found.next;
    }
  }

  async #dropSlowly(life: What): Promise<void> {
    while (!this.#stopped) {
      const { more } = await this.#log.trim({ ...life, bounds: this.#bounds(), most: SLICE });
      await this.#pause();
      if (!more) return;
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#service.clock.after(PAUSE_MS, resolve));
  }
}
