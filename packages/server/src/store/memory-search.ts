import { parseQuery } from "../search/query.ts";
import { type Entry, shown } from "./entries.ts";
import { neighboursIn } from "./memory-changes.ts";
import { scoreIn } from "./searched-text.ts";
import type { MessageQuery } from "./store.ts";

/** The entries that a search finds (M18), without an index; all of them when nothing is searched. */
export function searched(log: readonly Entry[], { search }: MessageQuery): readonly Entry[] {
  if (!search) return log;
  const query = parseQuery(search.text);
  const neighbours = neighboursIn(log);
  return query ? log.filter((entry) => scoreIn(shown(entry, {}, neighbours), query) > 0) : [];
}
