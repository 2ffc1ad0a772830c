import type Database from "better-sqlite3";
import type { Authored, AuthoredQuery, Erasable, ErasableQuery, Erasure, ErasuresQuery } from "../store.ts";
import { CHUNK } from "./authors.ts";
import { IN_SLICE, type LifeSlice, LifeSlices } from "./life-slices.ts";
import { between } from "./message-key.ts";
import { STATE, type StateRow } from "./rows.ts";
import { ToErase } from "./to-erase.ts";

const ROOMS = "FROM erasure_rooms WHERE erasure_rooms.erasure_key = erasures.erasure_key";

export const ERASURE = `
  SELECT receipt, user_id, asked_by, at, messages, bytes,
    (SELECT count(*) ${ROOMS} AND NOT held) AS rooms,
    (SELECT json_group_array(room_id ORDER BY room_id) ${ROOMS} AND held) AS held
  FROM erasures`;

export interface ErasureRow extends Pick<Erasure, "receipt" | "user_id" | "messages" | "bytes" | "rooms"> {
  readonly asked_by: string;
  /** Null until it is complete. */
  readonly at: number | null;
  /** JSON */
  readonly held: string;
}

export function erasureOf({ asked_by, at, held, ...row }: ErasureRow): Erasure {
  return { ...row, by: asked_by, ...(at !== null && { at }), held: JSON.parse(held) };
}

/** The whole chunks of a log are in the index by author; the rest is gone through. */
const LIVES = `
  SELECT room_id, epoch FROM rooms
  WHERE ${IN_SLICE} AND (
    EXISTS (SELECT 1 FROM authors WHERE authors.room_key = rooms.room_key AND author = 'u' || :user_id)
    OR EXISTS (
      SELECT 1 FROM messages
      WHERE message_key ${between("rooms.room_key", `last_id / ${CHUNK} * ${CHUNK} + 1`, "last_id")} AND user_id = :user_id
    )
  )
  ORDER BY room_key`;

interface Parameters extends LifeSlice {
  readonly user_id: string;
}

/** What there is to erase, and what was erased (M21). */
export class ErasuresReader {
  readonly #toErase: ToErase;
  readonly #slices: LifeSlices;
  readonly #lives: Database.Statement<[Parameters], Authored["lives"][number]>;
  readonly #state: Database.Statement<[string, string, string], StateRow>;
  readonly #erasures: Database.Statement<[string, string | null, string, string | null, number], ErasureRow>;
  readonly #erasable: Database.Transaction<(query: ErasableQuery) => Erasable | undefined>;

  constructor(db: Database.Database) {
    this.#toErase = new ToErase(db);
    this.#slices = new LifeSlices(db);
    this.#lives = db.prepare(LIVES);
    this.#state = db.prepare(STATE);
    this.#erasures = db.prepare(
      `${ERASURE} WHERE service = ? AND (? IS NULL OR erasure_key <
         (SELECT erasure_key FROM erasures WHERE service = ? AND receipt = ?))
       ORDER BY erasure_key DESC LIMIT ?`,
    );
    this.#erasable = db.transaction((query) => this.#slice(query));
  }

  authored({ user_id, ...asked }: AuthoredQuery): Authored {
    const { slice, next } = this.#slices.at(asked);
    return { lives: this.#lives.all({ ...slice, user_id }), next };
  }

  /** Read in one transaction, so that all of it is of the same moment. */
  erasable(query: ErasableQuery): Erasable | undefined {
    return this.#erasable(query);
  }

  erasures({
    service,
    before = null,
    limit,
  }: { readonly before?: string | null } & Omit<ErasuresQuery, "before">) {
    return this.#erasures.all(service, before, service, before, limit).map(erasureOf);
  }

  #slice(query: ErasableQuery): Erasable | undefined {
    const log = this.#state.get(query.service, query.room_id, query.epoch);
    if (!log) return undefined;
    if (log.held === 1) return { messages: 0, bytes: 0, held: true, next: undefined };
    const { entries, bytes, next } = this.#toErase.slice(log, query);
    return { messages: entries.length, bytes, held: false, next };
  }
}
