import { withTail } from "@roomlog/protocol";

/**
 * JSON as text. `msg` is cut out of the request as it stands and spliced into events and pages, never rebuilt:
 * that keeps numbers of any size, key order and escapes exact (M7). Except for `depthOf` and `parseShallow`,
 * these functions expect text that `JSON.parse` accepted.
 */

export const QUOTE = 0x22;
export const COMMA = 0x2c;
const COLON = 0x3a;
const SPACE = 0x20;
const BACKSLASH = 0x5c;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;

/** JSON text that stands for itself: it is written out unchanged. */
export class JsonText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }

  /** To be kept while its frame is not. */
  static kept(text: string): JsonText {
    return new JsonText(copyOf(text));
  }

  /** Whether it is an object without members, however that is written. */
  get isEmptyObject(): boolean {
    return /^\{\s*\}$/.test(this.text);
  }
}

/** V8 makes a part that is shorter a text of its own; a longer one keeps the whole it was cut from. */
const SHORTEST_SLICE = 13;

/** A frame of which parts need not be copied. */
const SMALL_FRAME = 512;

/** A part of a frame's text, well-formed like all that is received, that does not keep the whole frame. */
export function copyOf(part: string): string {
  return part.length < SHORTEST_SLICE ? part : Buffer.from(part).toString();
}

/** A part of a frame's text that keeps at most as much again of the frame, for a short while: it is rarely copied. */
export function lightCopyOf(part: string, frame: string): string {
  return frame.length <= 2 * part.length + SMALL_FRAME ? part : copyOf(part);
}

/** Whether a text takes at most so many bytes. Most are so short that nobody has to count. */
export function fits(text: string, bytes: number): boolean {
  return text.length * 3 <= bytes || Buffer.byteLength(text) <= bytes;
}

/** A member of an object: its unescaped key, where the key starts, and its value as `text.slice(start, end)`. */
export interface Member {
  readonly key: string;
  readonly from: number;
  readonly start: number;
  readonly end: number;
}

/** Writes a value as JSON; a `JsonText` goes out as it is. */
export function toJson(value: unknown): string {
  return value instanceof JsonText ? value.text : JSON.stringify(value);
}

/** How much there is to parse in a text. */
export interface Shape {
  /** The deepest nesting of arrays and objects; 0 for a scalar. */
  readonly depth: number;
  /** Not deeper than was asked for. One with a name counts as four: so much more it costs to parse. */
  readonly values: number;
}

/** Works on any text, in one pass, without recursion. */
export function shapeOf(text: string, maxDepth: number): Shape {
  let depth = 0;
  let deepest = 0;
  let values = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) i = endOfString(text, i) - 1;
    else if (c === COMMA) values += depth <= maxDepth ? 1 : 0;
    else if (c === COLON) values += depth <= maxDepth ? 3 : 0;
    else if (c === OPEN_BRACE || c === OPEN_BRACKET) {
      deepest = Math.max(deepest, ++depth);
      values += depth <= maxDepth ? 1 : 0;
    } else if (c === CLOSE_BRACE || c === CLOSE_BRACKET) depth--;
  }
  return { depth: deepest, values };
}

/** Works on any text, as `shapeOf`. */
export function depthOf(text: string): number {
  return shapeOf(text, 0).depth;
}

/** The members of the object that is `text`, in the order written; repeated keys are all there. */
export function membersOf(text: string): Member[] {
  const members: Member[] = [];
  let i = skipSpace(text, text.indexOf("{") + 1);
  while (text.charCodeAt(i) === QUOTE) {
    const from = i;
    i = endOfString(text, i);
    const key = unquote(text.slice(from, i));
    const start = skipSpace(text, skipSpace(text, i) + 1);
    const end = endOfValue(text, start);
    members.push({ key, from, start, end });
    i = skipSpace(text, end);
    if (text.charCodeAt(i) === COMMA) i = skipSpace(text, i + 1);
  }
  return members;
}

/** The text of the value that `key` has in the object `text`; of repeated keys the last counts, as in `JSON.parse`. */
export function memberText(text: string, key: string): string | undefined {
  let found: string | undefined;
  let i = skipSpace(text, text.indexOf("{") + 1);
  while (text.charCodeAt(i) === QUOTE) {
    const behindKey = endOfString(text, i);
    const start = skipSpace(text, skipSpace(text, behindKey) + 1);
    const end = endOfValue(text, start);
    if (isKey(text, i, behindKey, key)) found = text.slice(start, end);
    i = skipSpace(text, end);
    if (text.charCodeAt(i) === COMMA) i = skipSpace(text, i + 1);
  }
  return found;
}

function isKey(text: string, from: number, end: number, key: string): boolean {
  if (end - from === key.length + 2 && text.startsWith(key, from + 1)) return true;
  const written = text.slice(from, end);
  return written.includes("\\") && JSON.parse(written) === key;
}

/** The texts of the elements of the array that is `text`. */
export function elementsOf(text: string): string[] {
  const elements: string[] = [];
  let i = skipSpace(text, text.indexOf("[") + 1);
  while (i < text.length && text.charCodeAt(i) !== CLOSE_BRACKET) {
    const end = endOfValue(text, i);
    elements.push(text.slice(i, end));
    i = skipSpace(text, end);
    if (text.charCodeAt(i) === COMMA) i = skipSpace(text, i + 1);
  }
  return elements;
}

/** The object `text` without its members of these names, in whatever way their keys are written. */
export function withoutMembers(text: string, names: ReadonlySet<string>): string {
  if (isFreeOf(text, names)) return text;
  const members = membersOf(text);
  if (members.length === 0) return "{}";
  if (!members.some(({ key }) => names.has(key))) return text;
  const kept = members.filter(({ key }) => !names.has(key));
  return `{${kept.map(({ from, end }) => text.slice(from, end)).join(",")}}`;
}

/** Whether it is plain to see that none of the names is a key: nothing like them is in the text, and no escape. */
function isFreeOf(text: string, names: ReadonlySet<string>): boolean {
  if (text.charCodeAt(skipSpace(text, 1)) !== QUOTE || text.includes("\\")) return false;
  for (const name of names) if (text.includes(name)) return false;
  return true;
}

/** An object as JSON, with one further field that is text already. */
export function withField(object: object, name: string, { text }: JsonText): JsonText {
  return new JsonText(withTail(toJson(object), `${JSON.stringify(name)}:${text}`));
}

/** A parsed frame; `deep` names the first field that was left out because it is nested too deeply. */
export interface Parsed {
  /** Undefined when that is the tid of the frame itself: then nobody can be answered. */
  readonly value: unknown;
  readonly deep?: string;
}

/**
 * Parses a frame of at most `maxDepth` levels. A deeper one is never given to `JSON.parse` as a whole (a
 * million levels would block the process): its shallow members are parsed one by one, and what is too deep is
 * left out and named. Throws a `SyntaxError` when the text is not JSON as far as it was looked at.
 */
export function parseShallow(text: string, maxDepth: number, depth = depthOf(text)): Parsed {
  if (depth <= maxDepth) return { value: JSON.parse(text) };
  if (!text.trimStart().startsWith("{")) return { value: [] };
  const value: Record<string, unknown> = {};
  let deep: string | undefined;
  for (const { key, start, end } of membersOf(text)) {
    const part = text.slice(start, end);
    if (depthOf(part) < maxDepth) {
      Object.defineProperty(value, key, { value: JSON.parse(part), enumerable: true, configurable: true });
    } else if (key === "tid") {
      return { value: undefined, deep: key };
    } else {
      deep ??= key === "data" ? deepMember(part, maxDepth - 1) : key;
    }
  }
  return deep === undefined ? { value } : { value, deep };
}

function deepMember(data: string, maxDepth: number): string {
  if (!data.startsWith("{")) return "data";
  return membersOf(data).find(({ start, end }) => depthOf(data.slice(start, end)) >= maxDepth)?.key ?? "data";
}

function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return endOfString(text, start);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfNested(text, start);
  let i = start;
  while (i < text.length && !endsScalar(text.charCodeAt(i))) i++;
  return i;
}

function endOfNested(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) i = endOfString(text, i) - 1;
    else if (c === OPEN_BRACE || c === OPEN_BRACKET) depth++;
    else if ((c === CLOSE_BRACE || c === CLOSE_BRACKET) && --depth === 0) return i + 1;
  }
  return text.length;
}

/** Most strings are shorter, and are gone through faster than a search begins. */
const SHORT_STRING = 24;

/** Where the string that starts at `start` ends: behind its closing quote, or with the text. */
export function endOfString(text: string, start: number): number {
  const near = Math.min(start + SHORT_STRING, text.length);
  for (let i = start + 1; i < near; i++) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) return i + 1;
    if (c === BACKSLASH) return endOfLongString(text, i);
  }
  return endOfLongString(text, near);
}

/** The same, known to be at `from` or behind it. */
function endOfLongString(text: string, from: number): number {
  let i = from - 1;
  for (;;) {
    i = text.indexOf('"', i + 1);
    if (i < 0) return text.length;
    let escapes = 0;
    while (text.charCodeAt(i - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return i + 1;
    // Where there is one escaped quote there are more.
    const near = Math.min(i + SHORT_STRING, text.length);
    for (; i + 1 < near && text.charCodeAt(i + 1) !== QUOTE; i++)
      if (text.charCodeAt(i + 1) === BACKSLASH) i++;
  }
}

function unquote(text: string): string {
  return text.includes("\\") ? JSON.parse(text) : text.slice(1, -1);
}

/** Where the next character stands that is not white space (RFC 8259 §2). */
export function skipSpace(text: string, from: number): number {
  for (let i = from; ; i++) {
    const c = text.charCodeAt(i);
    if (c > SPACE || !isSpace(c)) return i;
  }
}

function isSpace(c: number): boolean {
  return c === SPACE || c === 0x0a || c === 0x0d || c === 0x09;
}

function endsScalar(c: number): boolean {
  return c === COMMA || c === CLOSE_BRACE || c === CLOSE_BRACKET || isSpace(c);
}
