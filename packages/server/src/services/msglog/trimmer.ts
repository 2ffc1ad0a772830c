import type { Retention } from "@roomlog/protocol";
import { type Bounds, type Log, RequestError, type Service } from "../../core/plugin.ts";
import { NAMES_US } from "./names.ts";
import type { MsglogSettings } from "./settings.ts";

/** Messages that are dropped in one commit. */
const SLICE = 256;
/** Between two slices of the background work, in milliseconds: sends have the disk to themselves meanwhile. */
const PAUSE_MS = 10;
/** Lives that are looked at in one query, and messages that are counted in one. */
const PAGE = 1000;
/** Slices of space that are given back between two looks for what has to go. */
const SPACE_SLICES = 500;

/** A life of a room, and where to cut its log when not by retention. */
interface What {
  readonly room_id: string;
  readonly epoch: string;
  readonly before?: number;
}

/** What went of a log, or would go. */
interface Dropped {
  readonly first_id: number;
  readonly count: number;
  /** UTF-8 bytes of the messages' text. */
  readonly bytes: number;
}

/** Drops what logs need not keep (M13): in the background by and by, and at once when told to. */
export class Trimmer {
  readonly #service: Service;
  readonly #log: Log;
  readonly #settings: () => MsglogSettings;
  #stopTimer: () => void = () => {};
  #stopped = false;
  #sweeping = false;

  constructor(service: Service, log: Log, settings: () => MsglogSettings) {
    this.#service = service;
    this.#log = log;
    this.#settings = settings;
  }

  /** Begins the background work, or goes on with it at another pace. Gives back what ends it. */
  start(): () => void {
    this.#stopTimer();
    const ms = this.#settings().sweep_seconds * 1000;
    this.#stopTimer = this.#service.clock.every(ms, () => void this.#sweep());
    return () => {
      this.#stopped = true;
      this.#stopTimer();
    };
  }

  /** Drops from a log what has to go, in one go. Throws 304106, 304111, 304105, 100051. */
  async drop(what: What): Promise<Dropped> {
    let [count, bytes] = [0, 0];
    for (;;) {
      if (this.#stopped) throw new RequestError(100051);
      const slice = await this.#log.trim({ ...what, bounds: this.#bounds(), most: SLICE });
      count += slice.messages;
      bytes += slice.bytes;
      if (!slice.more) return { first_id: slice.first_id, count, bytes };
    }
  }

  /** What `drop` would drop; with `own` as if that were the room's own retention. Throws 304106. */
  async wouldDrop(what: What, own?: Retention): Promise<Dropped> {
    const query = { ...what, ...(own && { own }), bounds: this.#bounds(), most: PAGE };
    const { first_id, messages, bytes } = await this.#log.trimmable(query);
    return { first_id, count: messages, bytes };
  }

  #bounds(): Bounds {
    const now = this.#service.steadyTime();
    return { retention: this.#settings().retention, now, names_before: now - NAMES_US };
  }

  async #sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      await this.#dropOverdue();
      for (let n = 0; n < SPACE_SLICES && !this.#stopped && (await this.#log.tidy()); n++)
        await this.#pause();
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
      const found = await this.#log.overdue({ bounds: this.#bounds(), from, most: PAGE });
      for (const life of found.lives) await this.#dropSlowly(life);
      from = found.next;
      if (from !== undefined) await this.#pause();
    }
  }

  async #dropSlowly(life: What): Promise<void> {
    while (!this.#stopped) {
      const slice = this.#log.trim({ ...life, bounds: this.#bounds(), most: SLICE });
      // Somebody else was faster, and the life is forgotten, or on hold (M22).
      const { more } = await slice.catch((error: unknown) => {
        if (error instanceof RequestError && (error.code === 304106 || error.code === 304111))
          return { more: false };
        throw error;
      });
      await this.#pause();
      if (!more) return;
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#service.clock.after(PAUSE_MS, resolve));
  }
}
