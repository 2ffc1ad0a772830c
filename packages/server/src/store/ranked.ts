import type { Query } from "../search/query.ts";
import { type Entry, type Neighbours, shown } from "./entries.ts";
import { scoreIn } from "./searched-text.ts";

/** Of what is found so many, the newest, are put into an order (M18). */
const MOST_RANKED = 10_000;
/** And so much of their text, in characters: all of it is taken into words anew for each page. */
const MOST_RANKED_TEXT = 4_194_304;

interface Scored {
  readonly msg_id: number;
  readonly score: number;
}

/** Entries by how well they answer a search, the newest first of equals; they come the newest first. */
export function ranked(entries: Iterable<Entry>, query: Query, log: Neighbours): Scored[] {
  const found: Scored[] = [];
  let text = 0;
  for (const entry of entries) {
    found.push({ msg_id: entry.msg_id, score: scoreIn(entry, query, log) });
    text += shown(entry, {}, log).msg.length;
    if (found.length === MOST_RANKED || text >= MOST_RANKED_TEXT) break;
  }
  return found.sort(byScore);
}

/** Of these what stands behind one of the log; undefined when that one answers nothing, or is not there. */
export function rankedBehind(
  found: readonly Scored[],
  msg_id: number,
  query: Query,
  log: Neighbours,
): Scored[] | undefined {
  const entry = log.entry(msg_id);
  const score = entry ? scoreIn(entry, query, log) : 0;
  return score === 0 ? undefined : found.filter((each) => byScore({ msg_id, score }, each) < 0);
}

function byScore(a: Scored, b: Scored): number {
  return b.score - a.score || b.msg_id - a.msg_id;
}
