import type { Query } from "../search/query.ts";
import { scoreIn } from "./searched-text.ts";
import type { Message } from "./store.ts";

/** Of what is found so many, the newest, are put into an order (M18). */
const MOST_RANKED = 10_000;

interface Scored {
  readonly msg_id: number;
  readonly score: number;
}

/** Messages by how well they answer a search, the newest first of equals; they come the newest first. */
export function ranked(messages: Iterable<Message>, query: Query): Scored[] {
  const found: Scored[] = [];
  for (const message of messages) {
    found.push(scored(message, query));
    if (found.length === MOST_RANKED) break;
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
