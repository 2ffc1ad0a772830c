import { messageWords } from "../../packages/server/src/search/message-words.ts";
import { parseQuery } from "../../packages/server/src/search/query.ts";
import { scoreOf } from "../../packages/server/src/search/score.ts";
import { wordsOf } from "../../packages/server/src/search/words.ts";
import type { SoughtChoice } from "./steps.ts";

/** What messages are made of: words that begin alike, in several spellings. */
export const vocabulary = [
  "rock",
  "rocket",
  "roll",
  "ro",
  "Rock",
  "röck",
  "stone",
  "STONE",
  "検索",
  "no-one",
];

/** What is looked for: all of that, and a word that is in no message. */
export const soughtWords = [...vocabulary, "r", "s", "索", "nothing"];

/** The text of a search (docs/search.md). */
export function searchText(parts: readonly SoughtChoice[]): string {
  return parts.map(partText).join(" ");
}

function partText({ words, begun }: SoughtChoice): string {
  const text = `${words.join(" ")}${begun ? "*" : ""}`;
  return words.length === 1 ? text : `"${text}"`;
}

/**
 * Whether a message answers a search (M18): each part of it stands in one of its strings. What a word is, is the product's
 * to say; where words stand is looked at here.
 */
export function answers(body: object, parts: readonly SoughtChoice[]): boolean {
  const texts = stringsIn(body).map(wordsOf);
  return parts.every((part) => texts.some((words) => hasPart(words, part)));
}

function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}

/** A letter of a script without spaces is found where a word of two letters begins. */
const LONE = /^索$/;
/** Letters of such a script are found anywhere in a run. */
const DENSE = /^\p{Script=Han}{2,}$/u;

function hasPart(words: readonly string[], { words: written, begun }: SoughtChoice): boolean {
  const sought = written.flatMap((word, i) => soughtOf(word, i === written.length - 1));
  const isBegun = begun || LONE.test(written.at(-1) ?? "");
  return words.some((_, at) =>
    sought.every((word, i) => {
      const found = words[at + i] ?? "";
      return isBegun && i === sought.length - 1 ? found.startsWith(word) : found === word;
    }),
  );
}

/** Whether the run of letters ends there is not asked of the last one. */
function soughtOf(written: string, isLast: boolean): string[] {
  const words = wordsOf(written);
  return isLast && DENSE.test(written) ? words.slice(0, -1) : words;
}

/** How well a message answers a search. That depends on both alone, so it is the product's to say. */
export function rankOf(msg: string, parts: readonly SoughtChoice[]): number {
  return scoreOf(messageWords(msg), parseQuery(searchText(parts)) ?? []);
}
