/**
 * The words of a text, as search sees them (M18). The index and queries are made of the same words, so what they leave
 * out makes no difference: case, accents, punctuation, full and half width. docs/search.md explains them to users.
 */

/** Of a longer word so much counts. */
export const MAX_WORD = 64;

/** Scripts that put no space between words. */
const DENSE = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"]
  .map((script) => `\\p{Script_Extensions=${script}}`)
  .join("");

const NOT_ASCII = /[^\0-\x7f]/;
const ASCII_WORDS = /[a-z0-9]+/g;
/** Letters and digits with the marks that belong to them, or a picture. */
const RUNS = /[\p{L}\p{N}\p{M}\p{Co}]+|\p{Extended_Pictographic}/gu;
const HAS_DENSE = new RegExp(`[${DENSE}]`, "u");
const PARTS = new RegExp(`[${DENSE}]+|[^${DENSE}]+`, "gu");

/** Accents and vowel points, which writers leave out at will (Latin, Greek, Cyrillic, Hebrew, Arabic), and how a picture looks. */
const ACCENTS =
  /(?:[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670]|\u0640|\ufe0f)+/g;

/** Whether the words of a text are its runs of ASCII letters and digits. */
export function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text);
}

/** All words of a text, in its order. */
export function wordsOf(text: string): string[] {
  if (isAscii(text)) return (text.toLowerCase().match(ASCII_WORDS) ?? []).map(shortened);
  return runsOf(text).flatMap((run) => partsOf(run).flatMap(wordsOfPart));
}

/** Words that stand one behind the other. */
export interface Phrase {
  readonly words: readonly string[];
  /** Whether the last one says only how a word begins. */
  readonly open: boolean;
}

/** The words that are in a text which contains this one. In a script without spaces that may be anywhere in a run of letters. */
export function soughtIn(text: string): Phrase {
  const words = wordsOf(text);
  const part = runsOf(text).flatMap(partsOf).at(-1) ?? "";
  if (!HAS_DENSE.test(part)) return { words, open: false };
  const isLone = [...part].length === 1;
  return isLone ? { words, open: true } : { words: words.slice(0, -1), open: false };
}

/** Upper case comes first: it knows of letters that lower case keeps apart (ß and ss). */
function runsOf(text: string): string[] {
  const plain = text.normalize("NFKD").replace(ACCENTS, "").normalize("NFC");
  return plain.toUpperCase().toLowerCase().replaceAll("ς", "σ").match(RUNS) ?? [];
}

/** Parts with spaces between words and parts without. */
function partsOf(run: string): string[] {
  return run.match(PARTS) ?? [];
}

/** Where nobody knows where a word ends, each two letters that follow one another are one, and so is the last letter. */
function wordsOfPart(part: string): string[] {
  if (!HAS_DENSE.test(part)) return [shortened(part)];
  const letters = [...part];
  return letters.map((letter, i) => letter + (letters[i + 1] ?? ""));
}

function shortened(word: string): string {
  if (word.length <= MAX_WORD) return word;
  return word.slice(0, MAX_WORD).replace(/[\ud800-\udbff]$/, "");
}
