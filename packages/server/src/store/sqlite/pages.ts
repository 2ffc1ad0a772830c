import type Database from "better-sqlite3";
import type { LifeKey, Message, MessageQuery, Page } from "../store.ts";
import { ByAuthor } from "./authors.ts";

/** A life whose log is read. */
interface Log {
  readonly room_key: number;
  readonly epoch: string;
  readonly first_id: number;
  readonly last_id: number;
}

/** Ids, both included; empty when `high` is less than `low`. */
interface Range {
  readonly low: number;
  readonly high: number;
}

type Order = MessageQuery["order"];
type Find = Database.Statement<(string | number)[], Message>;

const LOG = "SELECT room_key, epoch, first_id, last_id FROM rooms WHERE service = ? AND room_id = ?";
const MESSAGE = "SELECT msg_id, user_id, session_id, timestmap, msg FROM messages";

/** A range of ids is one walk through the table, in either direction. */
const BY_ID = `${MESSAGE} WHERE room_key = ? AND msg_id BETWEEN ? AND ? ORDER BY msg_id`;

/** Pages of logs (M8). What a page costs depends on its messages, not on the log around them. */
export class Pages {
  readonly #living: Database.Statement<[string, string], Log>;
  readonly #byEpoch: Database.Statement<[string, string, string], Log>;
  readonly #time: Database.Statement<[number, number], number>;
  readonly #byId: Readonly<Record<Order, Find>>;
  readonly #byAuthor: ByAuthor;
  readonly #page: Database.Transaction<(query: MessageQuery) => Page | undefined>;

  constructor(db: Database.Database) {
    this.#living = db.prepare(`${LOG} AND destroyed_at IS NULL`);
    this.#byEpoch = db.prepare(`${LOG} AND epoch = ? AND kept`);
    this.#time = db
      .prepare<[number, number], number>("SELECT timestmap FROM messages WHERE room_key = ? AND msg_id = ?")
      .pluck();
    this.#byId = { asc: db.prepare(`${BY_ID} ASC`), desc: db.prepare(`${BY_ID} DESC`) };
    this.#byAuthor = new ByAuthor(db, MESSAGE);
    this.#page = db.transaction((query) => this.#read(query));
  }

  /** Read in one transaction, so that all of it is of the same moment. */
  page(query: MessageQuery): Page | undefined {
    return this.#page(query);
  }

  #read(query: MessageQuery): Page | undefined {
    const log = this.#log(query);
    if (!log) return undefined;
    const { epoch, first_id } = log;
    const messages: Message[] = [];
    let bytes = 0;
    for (const message of this.#messages(log, query)) {
      bytes += Buffer.byteLength(message.msg);
      if (messages.length > 0 && bytes > query.max_bytes) return { epoch, first_id, messages, cut: true };
      if (messages.push(message) === query.limit) break;
    }
    return { epoch, first_id, messages, cut: false };
  }

  #log({ service, room_id, epoch }: LifeKey): Log | undefined {
    if (epoch === undefined) return this.#living.get(service, room_id);
    return this.#byEpoch.get(service, room_id, epoch);
  }

  /** All that the query asks for, in its order, one by one. */
  #messages(log: Log, query: MessageQuery): Iterable<Message> {
    const { user_id, session_id, order } = query;
    const range = this.#range(log, query);
    if (user_id !== undefined || session_id !== undefined) {
      return this.#byAuthor.messages(log, range, { user_id, session_id }, order);
    }
    return this.#byId[order].iterate(log.room_key, range.low, range.high);
  }

  #range(log: Log, { after = 0, before, from_time, to_time }: MessageQuery): Range {
    const low = Math.max(log.first_id, after + 1);
    const high = Math.min(log.last_id, before === undefined ? log.last_id : before - 1);
    const from = from_time === undefined ? low : this.#firstSince(from_time, log, { low, high });
    if (to_time === undefined) return { low: from, high };
    return { low: from, high: this.#firstSince(to_time, log, { low: from, high }) - 1 };
  }

  /** The lowest id of the range with a time from `time` on, or the one behind it: times never fall as ids rise. */
  #firstSince(time: number, { room_key }: Log, { low, high }: Range): number {
    let [from, to] = [low, high];
    while (from <= to) {
      const middle = from + Math.floor((to - from) / 2);
      if ((this.#time.get(room_key, middle) ?? 0) < time) from = middle + 1;
      else to = middle - 1;
    }
    return from;
  }
}
