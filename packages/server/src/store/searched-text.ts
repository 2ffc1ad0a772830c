import { messageWords } from "../search/message-words.ts";
import type { Query } from "../search/query.ts";
import { scoreOf } from "../search/score.ts";
import type { Message } from "./store.ts";

/** How well a message answers a search (M18), 0 when it does not: by its text as readers see it. Edits and deletions answer none. */
export function scoreIn({ msg, log }: Message, query: Query): number {
  return log?.op === undefined ? scoreOf(messageWords(msg), query) : 0;
}
