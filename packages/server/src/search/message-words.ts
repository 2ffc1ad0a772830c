import { isAscii, MAX_WORD, wordsOf } from "./words.ts";

/** Stands between the words of two values, so that no phrase reaches from one into the other. */
const GAP = "";

/** Stands between strings that are marked together. */
const BETWEEN = "\0";

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
 * The same words of many messages, with `mark` before each, which is not ASCII at its end, as texts that SQLite's tokenizer
 * `ascii` takes apart; `""` without any. It is made of each message that is stored, so the usual text is not taken apart here.
 */
export function markedWords(messages: readonly unknown[], mark: string): string[] {
  const texts: string[] = [];
  const ends = messages.map((message) => stringsIn(message, texts).length);
  const marked = markedTexts(texts, mark);
  let at = 0;
  return ends.map((end) => {
    let all = "";
    for (; at < end; at++) {
      const words = marked[at] as string;
      if (words === "" || words === texts[at]) continue;
      all = all === "" ? words : `${all} ${mark} ${words}`;
    }
    return all;
  });
}

/** All at once when they are ASCII: to begin a look through a text takes longer than the look. One without a word stays as it is. */
function markedTexts(texts: readonly string[], mark: string): string[] {
  const joined = texts.join(BETWEEN);
  const marked = isAscii(joined) ? markedAscii(joined, mark).split(BETWEEN) : [];
  // Somebody may have said what stands between.
  if (marked.length === texts.length) return marked;
  return texts.map((text) => (isAscii(text) ? markedAscii(text, mark) : marks(wordsOf(text), mark)));
}

function markedAscii(text: string, mark: string): string {
  return text.replace(ASCII_WORDS, `${mark}$1`);
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
