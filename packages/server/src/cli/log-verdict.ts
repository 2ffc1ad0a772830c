import { type Checkpoint, LogChanged, LogCheck, startDigest } from "@roomlog/client/checked";
import { errorCodes } from "@roomlog/protocol";
import { idOf } from "./message-line.ts";
import { isRefused } from "./refusals.ts";
import type { Source } from "./source.ts";

/** A log that is what its digest says. */
export interface Sound {
  readonly room_id: string;
  readonly epoch: string;
  /** The first entry that was looked at: what stands before it was dropped, or was checked another time. */
  readonly from_id: number;
  readonly msg_id: number;
  readonly digest: string;
  /** How many were looked at. */
  readonly entries: number;
  /** How many between them were not shown: nobody knows more of them than the digests that the server names. */
  readonly hidden: number;
}

/** A log of which nothing is shown, though there is something. */
interface Unread extends Pick<Sound, "room_id" | "epoch"> {
  readonly entries: 0;
}

/** A log that is another one, and the first entry that does not fit. */
interface Unsound extends Pick<Sound, "room_id" | "epoch" | "msg_id" | "entries"> {
  readonly what: string;
}

/** A life of a room, and up to where it is looked at. */
export interface Life {
  readonly room_id: string;
  readonly epoch: string;
  readonly last_id: number;
}

/** What was looked at so far. */
interface Looked {
  from_id: number;
  entries: number;
  hidden: number;
}

/** Entries of a page: the most a server gives at once (M8). */
const PAGE = 1000;

const MISSING = "it is missing";

/** How often what follows may be dropped while it is read. */
const MOST_TRIES = 100;

/** Recomputes logs as a source shows them (M23): nothing is believed but what was dropped before their first entry. */
export class LogVerdict {
  readonly #source: Pick<Source, "log" | "page" | "digest">;
  readonly #told: (done: number, all: number) => void;

  /** `told`: how many entries of a log have been gone through, of how many. */
  constructor(source: Pick<Source, "log" | "page" | "digest">, told: (done: number, all: number) => void) {
    this.#source = source;
    this.#told = told;
  }

  /** From the beginning of a log up to `last_id`, or from an entry on whose digest somebody has kept. */
  async of(life: Life, from?: Omit<Checkpoint, "epoch">): Promise<Sound | Unsound | Unread> {
    const { room_id, epoch } = life;
    const begin = { epoch, ...(from ?? { msg_id: 0, digest: startDigest(life) }) };
    const check = new LogCheck(room_id, begin);
    const looked: Looked = { from_id: begin.msg_id + 1, entries: 0, hidden: 0 };
    try {
      await this.#compare(life, begin);
      await this.#read(check, life, looked);
      if (looked.entries === 0 && check.at.msg_id < life.last_id) return { room_id, epoch, entries: 0 };
      await this.#compare(life, check.at);
      return { room_id, epoch, ...looked, msg_id: check.at.msg_id, digest: check.at.digest };
    } catch (error) {
      if (!(error instanceof LogChanged)) throw error;
      return { room_id, epoch, msg_id: error.msg_id, what: error.what, entries: looked.entries };
    }
  }

  async #read(check: LogCheck, life: Life, looked: Looked): Promise<void> {
    const { room_id, epoch, last_id } = life;
    const all = last_id - check.at.msg_id;
    for (let tries = 0; check.at.msg_id < last_id; ) {
      const after = check.at.msg_id;
      const range = { room_id, epoch, after, before: last_id + 1, limit: PAGE };
      const page = await this.#source.page({ ...range, digest: true });
      const isThrough = await this.#take(page, check, { life, looked });
      if (!isThrough && page.length === 0 && (await this.#isClosed(life, looked))) return;
      if (!isThrough && ++tries === MOST_TRIES) throw new LogChanged({ ...life, msg_id: after + 1 }, MISSING);
      this.#told(looked.entries, all);
    }
  }

  /** False when what follows cannot be had: more was dropped meanwhile, or it is not for this user. */
  async #take(
    page: readonly string[],
    check: LogCheck,
    { life, looked }: { readonly life: Life; readonly looked: Looked },
  ): Promise<boolean> {
    for (const text of page) {
      if (!(await this.#pass(check, { life, looked, to: idOf(text) - 1 }))) return false;
      check.next(text);
      looked.entries += 1;
    }
    return page.length > 0 || this.#pass(check, { life, looked, to: life.last_id });
  }

  /**
   * Goes on behind entries that are not shown, if there are any before `to`: what the log does not begin with any more, or
   * not for this user (R11), and what a right's filter hides (M17), of which the server still knows the digests.
   */
  async #pass(
    check: LogCheck,
    { life, looked, to }: { readonly life: Life; readonly looked: Looked; readonly to: number },
  ): Promise<boolean> {
    const { epoch } = life;
    if (to <= check.at.msg_id) return true;
    if ((await this.#digestAt(life, check.at.msg_id)) === undefined) {
      const begin = await this.#begin(life, check.at.msg_id, to);
      if (!begin) return false;
      check.skip({ epoch, ...begin });
      looked.from_id = begin.msg_id + 1;
    }
    const { msg_id } = check.at;
    if (to === msg_id) return true;
    for (const hidden of new Set([msg_id + 1, to]))
      if ((await this.#digestAt(life, hidden)) === undefined) return this.#missing(life, hidden, msg_id);
    const digest = await this.#digestAt(life, to);
    if (digest === undefined) return false;
    check.skip({ epoch, msg_id: to, digest });
    looked.hidden += to - msg_id;
    return true;
  }

  /** From where on there is something for this user: what is kept begins there, or what he may read. */
  async #begin(life: Life, after: number, to: number): Promise<Omit<Checkpoint, "epoch"> | undefined> {
    for (const msg_id of [(await this.#firstId(life)) - 1, to]) {
      const digest = msg_id > after && msg_id <= to ? await this.#digestAt(life, msg_id) : undefined;
      if (digest !== undefined) return { msg_id, digest };
    }
    return undefined;
  }

  /** Whether all of it was dropped, or this user may not even know how it begins (R11). */
  async #isClosed(life: Life, { entries }: Looked): Promise<boolean> {
    const first_id = await this.#firstId(life);
    if (first_id > life.last_id + 1) return true;
    if (entries > 0) return false;
    const isKnown = (await this.#digestAt(life, first_id - 1)) !== undefined;
    return !isKnown && first_id === (await this.#firstId(life));
  }

  /** Unless it was dropped just now, with the one before it. */
  async #missing(life: Life, msg_id: number, before: number): Promise<false> {
    if ((await this.#digestAt(life, before)) === undefined) return false;
    throw new LogChanged({ ...life, msg_id }, MISSING);
  }

  /** The first that is kept, whoever may read it. */
  async #firstId({ room_id, epoch }: Life): Promise<number> {
    return (await this.#source.log(room_id, epoch)).first_id;
  }

  /** What is not kept any more cannot be compared. */
  async #compare(life: Life, { msg_id, digest }: Omit<Checkpoint, "epoch">): Promise<void> {
    if (msg_id > life.last_id)
      throw new LogChanged({ ...life, msg_id: life.last_id + 1 }, "it is missing: the log ends before it");
    const found = await this.#digestAt(life, msg_id);
    if (found !== undefined && found !== digest)
      throw new LogChanged({ ...life, msg_id }, `it has another digest: expected ${digest}, found ${found}`);
  }

  /** Of an entry that is kept, or stands before the first of these; undefined when it does not. */
  async #digestAt({ room_id, epoch }: Life, at: number): Promise<string | undefined> {
    try {
      return await this.#source.digest({ room_id, epoch, at });
    } catch (error) {
      if (isRefused(error, errorCodes.message_not_found)) return undefined;
      throw error;
    }
  }
}
