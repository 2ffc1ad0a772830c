import { type Phrase, soughtIn } from "./words.ts";

/** Longest query, in characters, and most words of one; two letters of a script without spaces count as one. */
export const MAX_QUERY = 256;
export const MAX_QUERY_WORDS = 64;
/** Most parts that may go on, `rock*`: for each of them all words that begin so are looked up. */
export const MAX_QUERY_OPEN = 8;

/** All of it has to be in a message. */
export type Query = readonly Phrase[];

/** A phrase in quotes, the last one perhaps without its end, or whatever stands between spaces; both may go on. */
const PARTS = /"([^"]*)(?:"(\*?)|$)|([^\s"]+)/g;

/** What a query asks for (docs/search.md); undefined when there is no word in it. Whatever is no word is passed over. */
export function parseQuery(text: string): Query | undefined {
  const query = [...text.matchAll(PARTS)]
    .map(([, quoted, star, bare]) => (bare === undefined ? inQuotes(quoted as string, star) : phraseOf(bare)))
    .filter(({ words }) => words.length > 0);
  return query.length === 0 ? undefined : query;
}

/** In quotes the star may stand before the end of the quotes or behind it. */
function inQuotes(quoted: string, star = ""): Phrase {
  return phraseOf(quoted + star);
}

/** What punctuation takes apart stands together all the same: `don't`, `10.0.0.1`. */
function phraseOf(text: string): Phrase {
  const { words, open } = soughtIn(text);
  return { words, open: open || goesOn(text) };
}

function goesOn(text: string): boolean {
  return /[\p{L}\p{N}\p{M}\p{Co}]\*$/u.test(text);
}

export function wordsIn(query: Query): number {
  return query.reduce((sum, { words }) => sum + words.length, 0);
}

export function openIn(query: Query): number {
  return query.filter(({ open }) => open).length;
}
