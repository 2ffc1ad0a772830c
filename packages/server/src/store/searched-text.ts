import { messageWords } from "../search/message-words.ts";
import type { Query } from "../search/query.ts";
import { scoreOf } from "../search/score.ts";
import { type Entry, type Neighbours, shown } from "./entries.ts";

/** How well an entry answers a search (M18), 0 when it does not: by its text as readers see it. Edits and deletions answer none. */
export function scoreIn(entry: Entry, query: Query, log: Neighbours): number {
  if (entry.op !== null) return 0;
  return scoreOf(messageWords(shown(entry, {}, log).msg), query);
}
