import { parseQuery } from "../search/query.ts";
import { aroundPlace } from "./around.ts";
import { type Entry, type Neighbours, shown } from "./entries.ts";
import { ranked, rankedBehind } from "./ranked.ts";
import { scanOf } from "./scan.ts";
import type { Message, MessageQuery, Page } from "./store.ts";

/** A log as a driver reads it. */
interface ReadLog {
  /** All that a query asks for, in its order, one by one; `around`, `ranked`, `limit` and `max_bytes` do not matter. */
  entries(query: MessageQuery): Iterable<Entry>;
  readonly neighbours: Neighbours;
}

type Found = Omit<Page, "epoch" | "first_id">;

const MISSING: Found = { messages: [], cut: false, missing: true };

/** Takes the page that a query asks for out of a log (M8, M18). */
export function pageOf(log: ReadLog, query: MessageQuery): Found {
  const { around, search } = query;
  if (around !== undefined) return pageAround(log, query, around);
  if (search?.ranked) return bestPage(log, query, search.text);
  const scan = scanOf(query);
  const messages = shownIn(log, log.entries(query), query);
  const page = filled(scan?.passing(messages) ?? messages, query);
  return page.cut ? page : { ...page, ...scan?.end };
}

function pageAround(log: ReadLog, query: MessageQuery, place: number): Found {
  if (!log.neighbours.entry(place)) return MISSING;
  const { after = 0, before = place } = query;
  const older = log.entries({ ...query, order: "desc", before: Math.min(before, place) });
  const newer = log.entries({ ...query, order: "asc", after: Math.max(after, place - 1) });
  const side = (entries: Iterable<Entry>) => passing(shownIn(log, entries, query), query);
  return aroundPlace(side(older), side(newer), query);
}

function bestPage(log: ReadLog, query: MessageQuery, text: string): Found {
  const words = parseQuery(text);
  if (!words) return { messages: [], cut: false };
  const { entries, neighbours } = log;
  const found = ranked(entries({ ...query, order: "desc" }), words, neighbours);
  const after = query.search?.ranked?.after;
  if (after !== undefined && !isMeant(log, after, query)) return MISSING;
  const behind = after === undefined ? found : rankedBehind(found, after, words, neighbours);
  if (!behind) return MISSING;
  const best = entriesOf(behind, neighbours);
  // There are no more of them than a search may find.
  return filled(passing(shownIn(log, best, query), { ...query, max_scan: undefined }), query);
}

function* entriesOf(found: Iterable<Pick<Entry, "msg_id">>, neighbours: Neighbours): Generator<Entry> {
  for (const { msg_id } of found) yield neighbours.entry(msg_id) as Entry;
}

/** Those that the query's filter means, as far as it may look (M17). */
function passing(
  messages: Iterable<Message>,
  query: Pick<MessageQuery, "where"> & { max_scan?: number | undefined },
) {
  return scanOf(query)?.passing(messages) ?? messages;
}

/** Whether an entry of the log is there, and one that the query's filter means. */
function isMeant(log: ReadLog, msg_id: number, query: MessageQuery): boolean {
  const entry = log.neighbours.entry(msg_id);
  return entry !== undefined && [...passing(shownIn(log, [entry], query), query)].length > 0;
}

function* shownIn(
  { neighbours }: ReadLog,
  entries: Iterable<Entry>,
  query: MessageQuery,
): Generator<Message> {
  for (const entry of entries) yield shown(entry, query, neighbours);
}

function filled(found: Iterable<Message>, { limit, max_bytes }: MessageQuery): Found {
  const messages: Message[] = [];
  let bytes = 0;
  for (const message of found) {
    bytes += Buffer.byteLength(message.msg);
    if (messages.length > 0 && bytes > max_bytes) return { messages, cut: true };
    if (messages.push(message) === limit) break;
  }
  return { messages, cut: false };
}
