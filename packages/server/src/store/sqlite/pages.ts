import { messageText } from "@roomlog/protocol";
import type Database from "better-sqlite3";
import type { LifeKey, Message, MessageQuery, Page, PageText, PageTextQuery } from "../store.ts";
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

/** Messages of a page that is short: more of them could be too long a text to try. */
const SHORT = 100;

/** A short page: the JSON text of the list, how many there are, and the bytes of their `msg`. */
interface Short {
  readonly text: string;
  readonly count: number;
  readonly bytes: number;
}

/** Writes each message as `messageText` does (M2). */
const shortPage = (order: "ASC" | "DESC") => `
  SELECT '[' || ifnull(group_concat(
      substr(msg, 1, length(msg) - 1) || iif(msg = '{}', '', ',') || '"msg_id":' || msg_id
      || ',"user_id":' || json_quote(user_id) || ',"session_id":' || json_quote(session_id)
      || ',"' || ? || '":' || timestmap || '}'
    ), '') || ']' AS text, count(*) AS count, ifnull(sum(octet_length(msg)), 0) AS bytes
  FROM (${BY_ID} ${order})`;

/** The ids of a page: there are no holes between those of a range. */
function pageOf({ low, high }: Range, { order, limit }: MessageQuery): Range {
  return order === "asc"
    ? { low, high: Math.min(high, low + limit - 1) }
    : { low: Math.max(low, high - limit + 1), high };
}

/** Pages of logs (M8). What a page costs depends on its messages, not on the log around them. */
export class Pages {
  readonly #living: Database.Statement<[string, string], Log>;
  readonly #byEpoch: Database.Statement<[string, string, string], Log>;
  readonly #time: Database.Statement<[number, number], number>;
  readonly #byId: Readonly<Record<Order, Find>>;
  readonly #byAuthor: ByAuthor;
  readonly #pageText: Database.Transaction<(query: PageTextQuery) => PageText | undefined>;
  readonly #short: Readonly<Record<Order, Database.Statement<[string, number, number, number], Short>>>;
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
    this.#pageText = db.transaction((query) => this.#readText(query));
    this.#short = { asc: db.prepare(shortPage("ASC")), desc: db.prepare(shortPage("DESC")) };
  }

  /** Read in one transaction, so that all of it is of the same moment. */
  page(query: MessageQuery): Page | undefined {
    return this.#page(query);
  }

  /** The same as text. */
  text(query: PageTextQuery): PageText | undefined {
    return this.#pageText(query);
  }

  /** A short page of a range of ids is put together by SQLite: a message that leaves it costs ten times as much. */
  #readText(query: PageTextQuery): PageText | undefined {
    const log = this.#log(query);
    if (!log) return undefined;
    const { epoch, first_id } = log;
    const { limit, order, time_field, user_id, session_id } = query;
    if (user_id === undefined && session_id === undefined && limit <= SHORT) {
      const range = pageOf(this.#range(log, query), query);
      const { text, count, bytes } = this.#short[order].get(
        time_field,
        log.room_key,
        range.low,
        range.high,
      ) as Short;
      if (bytes <= query.max_bytes || count === 1) return { epoch, first_id, text, count, cut: false };
    }
    const { messages, cut } = this.#read(query) as Page;
    const texts = messages.map((message) => messageText(message.msg, message, time_field));
    return { epoch, first_id, text: `[${texts.join(",")}]`, count: texts.length, cut };
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
