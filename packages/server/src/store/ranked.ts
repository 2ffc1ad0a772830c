import type { Query } from "../search/query.ts";
import { scoreIn } from "./searched-text.ts";
import type { Message } from "./store.ts";
import { textBytes } from "./text-bytes.ts";

/** Of what is found so many, the newest, are put into an order (M18). */
const MOST_RANKED = 10_000;
/** And so many bytes of their texts, since each is taken apart into its words. */
const MOST_RANKED_BYTES = 4_194_304;
/** For these many parts of a query; since each is looked for in each text, more of them mean fewer bytes. */
const USUAL_PARTS = 4;

interface Scored {
  readonly msg_id: number;
  readonly score: number;
}

/** Messages by how well they answer a search, the newest first of equals; they come the newest first. */
export function ranked(messages: Iterable<Message>, query: Query): Scored[] {
  const found: Scored[] = [];
  const most = MOST_RANKED_BYTES * Math.min(1, USUAL_PARTS / query.length);
  let bytes = 0;
  for (const message of messages) {
    bytes += textBytes(message);
    if (found.length > 0 && bytes > most) break;
    if (found.push(scored(message, query)) === MOST_RANKED) break;
  }
  return found.sort(byScore);
}

/** Of these what stands behind a message that is found. */
export function rankedBehind(found: readonly Scored[], message: Message, query: Query): Scored[] {
  const last = scored(message, query);
  return found.filter((each) => byScore(last, each) < 0);
}

function scored(message: Message, query: Query): Scored {
  return { msg_id: message.msg_id, score: scoreIn(message, query) };
}

function byScore(a: Scored, b: Scored): number {
  return b.score - a.score || b.msg_id - a.msg_id;
}
