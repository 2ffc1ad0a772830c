import { parseQuery } from "../search/query.ts";
import { aroundPlace } from "./around.ts";
import { type Entry, MOST_REFS, type Neighbours, shown } from "./entries.ts";
import { ranked, rankedBehind } from "./ranked.ts";
import { type Scan, scanOf, sightOf } from "./scan.ts";
import { selected } from "./selection.ts";
import type { Message, MessageQuery, Page } from "./store.ts";
import { textBytes } from "./text-bytes.ts";

/** A log as a driver reads it. */
interface ReadLog {
  /** All that a query asks for, in its order, one by one; `around`, `ranked`, filters, `limit` and `max_bytes` do not matter. */
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
  const { messages, scan } = lookedThrough(log, query);
  const page = filled(messages, query);
  return page.cut ? page : { ...page, ...scan?.end };
}

interface Looked {
  readonly messages: Iterable<Message>;
  readonly scan: Scan | undefined;
}

/** What a query asks for and its filters let through, as far as they may look. */
function lookedThrough(log: ReadLog, query: MessageQuery): Looked {
  const scan = scanOf(query);
  const passing = (entries: Iterable<Entry>) => {
    const messages = shownIn(log, entries, query);
    return scan?.passing(messages) ?? messages;
  };
  if (query.view === undefined) return { messages: passing(log.entries(query)), scan };
  // Looked up by an index, where the scan ends would tell which of the messages behind the view are selected.
  const { user_id, session_id, ref, search, ...range } = query;
  return { messages: selected(passing(log.entries(range)), query), scan };
}

function pageAround(log: ReadLog, query: MessageQuery, place: number): Found {
  if (!isSeen(log, query, place)) return MISSING;
  const { after = 0, before = place } = query;
  const older = lookedThrough(log, { ...query, order: "desc", before: Math.min(before, place) });
  const newer = lookedThrough(log, { ...query, order: "asc", after: Math.max(after, place - 1) });
  const page = aroundPlace(older.messages, newer.messages, query);
  return page.messages.length > 0 ? page : { ...page, ...older.scan?.end, ...newer.scan?.end };
}

/** Whether a message is kept, and let through by the view. */
function isSeen({ neighbours }: ReadLog, { view }: MessageQuery, msg_id: number): boolean {
  const entry = neighbours.entry(msg_id);
  return entry !== undefined && (sightOf(view)?.(shown(entry, {}, neighbours)) ?? true);
}

function bestPage(log: ReadLog, query: MessageQuery, text: string): Found {
  const words = parseQuery(text);
  if (!words) return { messages: [], cut: false };
  const { where, refs, versions, digest, ...rest } = query;
  const { messages, scan } = lookedThrough(log, { ...rest, order: "desc" });
  const found = ranked(messages, words);
  const after = query.search?.ranked?.after;
  const last = after === undefined ? undefined : only(log, query, after);
  if (after !== undefined && !last) return MISSING;
  const best = entriesOf(last ? rankedBehind(found, last, words) : found, log.neighbours);
  const shownBest = shownIn(log, best, query);
  // There are no more of them than a search may find.
  const page = filled(scanOf({ where })?.passing(shownBest) ?? shownBest, query);
  // Behind `last` nothing is left out of what was put into an order.
  return last ? page : { ...page, ...scan?.end };
}

/** A message, if it is one of those that a query asks for. */
function only(log: ReadLog, query: MessageQuery, msg_id: number): Message | undefined {
  const { after = 0, before = Number.POSITIVE_INFINITY } = query;
  const place = { after: Math.max(after, msg_id - 1), before: Math.min(before, msg_id + 1) };
  const [message] = lookedThrough(log, { ...query, ...place }).messages;
  return message;
}

function* entriesOf(found: Iterable<Pick<Entry, "msg_id">>, neighbours: Neighbours): Generator<Entry> {
  for (const { msg_id } of found) yield neighbours.entry(msg_id) as Entry;
}

function* shownIn(log: ReadLog, entries: Iterable<Entry>, query: MessageQuery): Generator<Message> {
  // It is asked for wordings and for counts alone.
  const sees = query.versions || query.refs ? sightOf(query.view) : undefined;
  const neighbours = sees ? withSeenRefs(log, query, sees) : log.neighbours;
  const asked = { ...query, sees };
  for (const entry of entries) yield shown(entry, asked, neighbours);
}

/** Behind a view what it hides is not counted. */
function withSeenRefs(
  log: ReadLog,
  { service, room_id, epoch, order, limit, max_bytes }: MessageQuery,
  sees: (message: Message) => boolean,
): Neighbours {
  const { neighbours } = log;
  const referring = { service, room_id, epoch, order, limit, max_bytes };
  return {
    ...neighbours,
    refsOf(msg_id) {
      let count = 0;
      for (const entry of log.entries({ ...referring, ref: msg_id })) {
        const message = shown(entry, {}, neighbours);
        if (!message.log?.deleted && sees(message) && ++count === MOST_REFS) break;
      }
      return count;
    },
  };
}

function filled(found: Iterable<Message>, { limit, max_bytes }: MessageQuery): Found {
  const messages: Message[] = [];
  let bytes = 0;
  for (const message of found) {
    bytes += textBytes(message);
    if (messages.length > 0 && bytes > max_bytes) return { messages, cut: true };
    if (messages.push(message) === limit) break;
  }
  return { messages, cut: false };
}
