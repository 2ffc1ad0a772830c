import {
  type Erasable,
  type ErasePlace,
  type Erasure,
  type Log,
  RequestError,
  type Service,
} from "../../core/plugin.ts";
import { NAMES_US } from "./names.ts";

/** Entries that are erased in one commit. */
const SLICE = 128;
/** Lives that are looked at in one query. */
const LIVES = 200;
/** Until files that somebody reads are tried again, in milliseconds; and how often they are. */
const RETRY_MS = 100;
const RETRIES = 600;

const START: ErasePlace = { msg_id: 1, change: 0 };

/** What an erasure did, or would do (M21). */
interface Summary {
  readonly user_id: string;
  readonly rooms: number;
  readonly messages: number;
  readonly bytes: number;
  readonly held: readonly string[];
}

type Slice = Pick<Erasable, "next">;

interface Life {
  readonly room_id: string;
  readonly epoch: string;
}

/** Erases what users wrote, in slices between the writes of others (M21). */
export class Eraser {
  readonly #service: Service;
  readonly #log: Log;
  /** One after the other: two of the same user would share a receipt. */
  #last: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(service: Service, log: Log) {
    this.#service = service;
    this.#log = log;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Complete, in all rooms and in all files. Throws 304105, 100051: then a repeated one completes it. */
  erase(user_id: string, by: string): Promise<Erasure> {
    const turn = this.#last.then(() => this.#erase(user_id, by));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** What `erase` would do. */
  async wouldErase(user_id: string): Promise<Summary> {
    const rooms = new Set<string>();
    const held = new Set<string>();
    let [messages, bytes] = [0, 0];
    for await (const { room_id, epoch } of this.#lives(user_id)) {
      for (let from: ErasePlace | undefined = START; from; ) {
        const query = { room_id, epoch, user_id, from, most: SLICE };
        const slice: Erasable | undefined = await this.#log.erasures.erasable(query);
        if (!slice) break;
        if (slice.held) held.add(room_id);
        if (slice.messages > 0) rooms.add(room_id);
        messages += slice.messages;
        bytes += slice.bytes;
        from = slice.next;
      }
    }
    return { user_id, rooms: rooms.size, messages, bytes, held: [...held].sort() };
  }

  async #erase(user_id: string, by: string): Promise<Erasure> {
    const { erasures } = this.#log;
    const { receipt } = await erasures.begin({ user_id, by, receipt: this.#service.newId() });
    for await (const life of this.#lives(user_id)) await this.#eraseIn(life, { user_id, receipt });
    // Also when nothing was left to erase: what retention has just dropped is in the files still.
    await this.#scrub();
    return erasures.end({ receipt, at: this.#service.clock.wall() });
  }

  async *#lives(user_id: string): AsyncGenerator<Life> {
    for (let from: number | undefined = 0; from !== undefined; ) {
      const found = await this.#log.erasures.authored({ user_id, from, most: LIVES });
      for (const life of found.lives) yield life;
      from = found.next;
      if (this.#stopped) throw new RequestError(100051);
    }
  }

  async #eraseIn(
    { room_id, epoch }: Life,
    { user_id, receipt }: { readonly user_id: string; readonly receipt: string },
  ): Promise<void> {
    const names_before = this.#service.steadyTime() - NAMES_US;
    const what = { room_id, epoch, user_id, receipt, names_before, most: SLICE };
    for (let from: ErasePlace | undefined = START; from; ) {
      if (this.#stopped) throw new RequestError(100051);
      const slice: Slice = await this.#log.erasures.erase({ ...what, from }).catch(gone);
      from = slice.next;
    }
  }

  /** Nothing of it is left in any file, free pages and the write-ahead log among them. */
  async #scrub(): Promise<void> {
    let tries = 0;
    for (let from: number | undefined = 0; from !== undefined; ) {
      if (this.#stopped) throw new RequestError(100051);
      const next: number | undefined = await this.#log.erasures.scrub(from);
      if (next !== from) tries = 0;
      else if (++tries > RETRIES) throw new RequestError(304105);
      else await this.#untilRead(tries);
      from = next;
    }
  }

  /** Our own reads end soon; somebody else's, a backup, may take its time. */
  async #untilRead(tries: number): Promise<void> {
    await this.#service.rooms.count();
    if (tries > 1) await new Promise<void>((resolve) => this.#service.clock.after(RETRY_MS, resolve));
  }
}

/** Retention was faster, and the life is forgotten. */
function gone(error: unknown): Slice {
  if (error instanceof RequestError && error.code === 304106) return { next: undefined };
  throw error;
}
