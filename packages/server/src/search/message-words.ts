import { isAscii, MAX_WORD, wordsOf } from "./words.ts";

/** Stands between the words of two values, so that no phrase reaches from one into the other. */
const GAP = "";

const ASCII_WORDS = new RegExp(`([a-z0-9]{1,${MAX_WORD}})[a-z0-9]*`, "gi");

/** The words of a message's text: those of all its strings, but not of names, with a gap between two strings (M18). */
export function messageWords(msg: string): string[] {
  const words: string[] = [];
  for (const text of stringsIn(JSON.parse(msg), [])) {
    const found = wordsOf(text);
    if (found.length === 0) continue;
    if (words.length > 0) words.push(GAP);
    for (const word of found) words.push(word);
  }
  return words;
}

/**
 * The same words with `mark` before each, which is not ASCII at its end, as a text that SQLite's tokenizer `ascii` takes
 * apart; `""` without any. It is made for each message that is stored, so the usual text is not taken apart here.
 */
export function markedWords(msg: string, mark: string): string {
  let marked = "";
  for (const text of stringsIn(JSON.parse(msg), [])) {
    const words = isAscii(text) ? text.replace(ASCII_WORDS, `${mark}$1`) : marks(wordsOf(text), mark);
    if (words === "" || words === text) continue;
    marked = marked === "" ? words : `${marked} ${mark} ${words}`;
  }
  return marked;
}

function marks(words: readonly string[], mark: string): string {
  return words.map((word) => mark + word).join(" ");
}

function stringsIn(value: unknown, found: string[]): string[] {
  if (typeof value === "string") found.push(value);
  else if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) stringsIn(inner, found);
  }
  return found;
}
