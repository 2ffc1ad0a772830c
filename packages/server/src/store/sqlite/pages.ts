import type Database from "better-sqlite3";
import type { LifeKey, Message, MessageQuery, Page } from "../store.ts";

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

/** Each index ends with `msg_id`, so that a range of ids is one walk through it, in either direction. */
const BY_ID = `${MESSAGE} WHERE room_key = ? AND msg_id BETWEEN ? AND ? ORDER BY msg_id`;
const BY_USER = `${MESSAGE} INDEXED BY messages_by_user
  WHERE room_key = ? AND user_id = ? AND msg_id BETWEEN ? AND ? ORDER BY msg_id`;
const BY_SESSION = `${MESSAGE} INDEXED BY messages_by_session
  WHERE room_key = ? AND session_id = ? AND msg_id BETWEEN ? AND ? ORDER BY msg_id`;
/** Hardly any session id has had a second user. */
const BY_SESSION_AND_USER = `${MESSAGE} INDEXED BY messages_by_session
  WHERE room_key = ? AND session_id = ? AND user_id = ? AND msg_id BETWEEN ? AND ? ORDER BY msg_id`;

/** Pages of logs (M8). What a page costs depends on its messages, not on the log around them. */
export class Pages {
  readonly #db: Database.Database;
  readonly #living: Database.Statement<[string, string], Log>;
  readonly #byEpoch: Database.Statement<[string, string, string], Log>;
  readonly #time: Database.Statement<[number, number], number>;
  readonly #byId: Readonly<Record<Order, Find>>;
  readonly #byUser: Readonly<Record<Order, Find>>;
  readonly #bySession: Readonly<Record<Order, Find>>;
  readonly #bySessionAndUser: Readonly<Record<Order, Find>>;
  readonly #page: Database.Transaction<(query: MessageQuery) => Page | undefined>;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#living = db.prepare(`${LOG} AND destroyed_at IS NULL`);
    this.#byEpoch = db.prepare(`${LOG} AND epoch = ? AND kept`);
    this.#time = db
      .prepare<[number, number], number>("SELECT timestmap FROM messages WHERE room_key = ? AND msg_id = ?")
      .pluck();
    const eitherWay = (sql: string) => ({ asc: this.#find(sql, "asc"), desc: this.#find(sql, "desc") });
    this.#byId = eitherWay(BY_ID);
    this.#byUser = eitherWay(BY_USER);
    this.#bySession = eitherWay(BY_SESSION);
    this.#bySessionAndUser = eitherWay(BY_SESSION_AND_USER);
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
  #messages(log: Log, query: MessageQuery): IterableIterator<Message> {
    const { user_id, session_id, order } = query;
    const { room_key } = log;
    const { low, high } = this.#range(log, query);
    if (session_id === undefined) {
      if (user_id === undefined) return this.#byId[order].iterate(room_key, low, high);
      return this.#byUser[order].iterate(room_key, user_id, low, high);
    }
    if (user_id === undefined) return this.#bySession[order].iterate(room_key, session_id, low, high);
    return this.#bySessionAndUser[order].iterate(room_key, session_id, user_id, low, high);
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

  #find(sql: string, order: Order): Find {
    return this.#db.prepare(`${sql} ${order}`);
  }
}
