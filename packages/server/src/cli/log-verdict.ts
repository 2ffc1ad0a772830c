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

/** Entries of a page: the most a server gives at once (M8). */
const PAGE = 1000;

/** How often what follows may be dropped while it is read. */
const MOST_TRIES = 100;

/** Recomputes logs as a source shows them (M23): nothing is believed but what was dropped before their first entry. */
export class LogVerdict {
  readonly #source: Pick<Source, "page" | "digest">;
  readonly #told: (done: number, all: number) => void;

  /** `told`: how many entries of a log have been gone through, of how many. */
  constructor(source: Pick<Source, "page" | "digest">, told: (done: number, all: number) => void) {
    this.#source = source;
    this.#told = told;
  }

  /** From the beginning of a log up to `last_id`, or from an entry on whose digest somebody has kept. */
  async of(life: Life, from?: Omit<Checkpoint, "epoch">): Promise<Sound | Unsound> {
    const { room_id, epoch } = life;
    const begin = { epoch, ...(from ?? { msg_id: 0, digest: startDigest(life) }) };
    const check = new LogCheck(room_id, begin);
    const looked = { from_id: begin.msg_id + 1, entries: 0 };
    try {
      await this.#compare(life, begin);
      await this.#read(check, life, looked);
      await this.#compare(life, check.at);
      return { room_id, epoch, ...looked, msg_id: check.at.msg_id, digest: check.at.digest };
    } catch (error) {
      if (!(error instanceof LogChanged)) throw error;
      return { room_id, epoch, msg_id: error.msg_id, what: error.what, entries: looked.entries };
    }
  }

  async #read(check: LogCheck, life: Life, looked: { from_id: number; entries: number }): Promise<void> {
    const { room_id, epoch, last_id } = life;
    const all = last_id - check.at.msg_id;
    for (let tries = 0; check.at.msg_id < last_id; ) {
      const after = check.at.msg_id;
      const page = await this.#source.page({
        ...{ room_id, epoch, after, before: last_id + 1, limit: PAGE },
        digest: true,
      });
      const first = page[0] === undefined ? last_id + 1 : idOf(page[0]);
      if (first > after + 1) {
        const isKept = (await this.#digestAt(life, after)) !== undefined;
        const digest = isKept ? undefined : await this.#digestAt(life, first - 1);
        if (isKept || (digest === undefined && ++tries === MOST_TRIES))
          throw new LogChanged({ ...life, msg_id: after + 1 }, "it is missing");
        // More was dropped meanwhile.
        if (digest === undefined) continue;
        check.skip({ epoch, msg_id: first - 1, digest });
        looked.from_id = first;
      }
      for (const text of page) {
        check.next(text);
        looked.entries += 1;
      }
      this.#told(looked.entries, all);
    }
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
