import type { Query } from "./query.ts";
import type { Phrase } from "./words.ts";

/** How much less each further place counts, and how much the length of a message does. */
const SATURATION = 1.2;
const BY_LENGTH = 0.75;
/** Words of a usual message. */
const USUAL_LENGTH = 16;

/**
 * How well words answer a query; 0 when something of it is not in them. It depends on nothing else, no other message and
 * no index, so an order by it stays the same while messages come and go. How rare a word is does not matter: every
 * message that is found has all of them.
 */
export function scoreOf(words: readonly string[], query: Query): number {
  const weight = SATURATION * (1 - BY_LENGTH + (BY_LENGTH * words.length) / USUAL_LENGTH);
  let score = 0;
  for (const phrase of query) {
    const places = placesOf(words, phrase);
    if (places === 0) return 0;
    score += places / (places + weight);
  }
  return score;
}

function placesOf(words: readonly string[], phrase: Phrase): number {
  let places = 0;
  for (let at = 0; at + phrase.words.length <= words.length; at++) {
    if (standsAt(words, at, phrase)) places += 1;
  }
  return places;
}

function standsAt(words: readonly string[], at: number, { words: sought, open }: Phrase): boolean {
  const last = sought.length - 1;
  for (let i = 0; i < last; i++) if (words[at + i] !== sought[i]) return false;
  const [word, end] = [words[at + last] as string, sought[last] as string];
  return open ? word.startsWith(end) : word === end;
}
