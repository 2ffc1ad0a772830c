import type { JsonObject } from "@roomlog/protocol";
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  copyOf,
  endOfString,
  type Member,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipSpace,
} from "./json-text.ts";
import type { Request } from "./requests.ts";

/**
 * The quick way of nearly all requests: their text is gone through once, which tells that it is JSON, that it is not
 * too deep, and where its parts are. Nothing is parsed that nobody asks for. This way knows less than `JSON.parse`:
 * what is out of the ordinary, and all that is wrong, it leaves to the way around it.
 */

const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const UPPER_E = 0x45;
const LOWER_E = 0x65;

/** Escapes, and control characters, which no string holds as they are: then strings end at the next quote. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ODD = /[\u0000-\u001f\\]/;
const LITERALS = ["true", "false", "null"];

/** In place of an end: not what this way knows. */
const UNUSUAL = -1;

/** Of a frame, and of its `data`. */
const MOST_MEMBERS = 16;

/** A request (F1) whose `data` is parsed when somebody asks for it. */
export class UsualRequest implements Request {
  readonly class: string;
  readonly subclass: string;
  readonly cmd: string;
  readonly tid: string;
  readonly text: string;
  /** Of `data`. */
  readonly #members: readonly Member[];

  constructor(text: string, { cls, subclass = "core", cmd, tid, data }: Parts) {
    this.class = cls;
    this.subclass = subclass;
    this.cmd = cmd;
    this.tid = tid;
    this.text = text;
    this.#members = data;
  }

  get data(): JsonObject {
    return this.dataWithout(undefined);
  }

  /** `data` with an empty object in place of the object that is its member of that name. */
  dataWithout(member: string | undefined): JsonObject {
    const data: Record<string, unknown> = {};
    for (const { key, start, end } of this.#members) {
      const isLeftOut = key === member && this.text.charCodeAt(start) === OPEN_BRACE;
      data[key] = isLeftOut ? {} : JSON.parse(this.text.slice(start, end));
    }
    return data;
  }

  /** The text of a member of `data`. */
  raw(key: string): string | undefined {
    const member = memberOf(this.#members, key);
    return member && this.text.slice(member.start, member.end);
  }
}

interface Parts {
  readonly cls: string;
  readonly subclass: string | undefined;
  readonly cmd: string;
  /** As it was written. */
  readonly tid: string;
  /** The members of `data`, none of them twice. */
  readonly data: readonly Member[];
}

/** A request of at most `maxDepth` levels; undefined for everything that has to be looked at more closely. */
export function usualRequest(text: string, maxDepth: number): UsualRequest | undefined {
  if (ODD.test(text)) return undefined;
  const members: Member[] = [];
  const data: Member[] = [];
  const end = endOfObject(text, 0, maxDepth, members, data);
  if (end === UNUSUAL || skipSpace(text, end) !== text.length) return undefined;
  const cls = nameIn(text, members, "class");
  const cmd = nameIn(text, members, "cmd");
  const subclass = nameIn(text, members, "subclass");
  const tid = memberOf(members, "tid");
  if (!cls || !cmd || subclass === "" || !tid) return undefined;
  return new UsualRequest(text, { cls, cmd, subclass, tid: copyOf(text.slice(tid.start, tid.end)), data });
}

/** The value of a member that is a string; empty when it is anything else, undefined when it is absent. */
function nameIn(text: string, members: readonly Member[], name: string): string | undefined {
  const member = memberOf(members, name);
  if (!member) return undefined;
  const { start, end } = member;
  if (text.charCodeAt(start) !== QUOTE) return "";
  return copyOf(text.slice(start + 1, end - 1));
}

/**
 * Behind the object that starts at `start`. Its members go into `members`, and those of its member `data` into `data`:
 * then that has to be an object, and no key of either may come twice.
 */
function endOfObject(
  text: string,
  start: number,
  depth: number,
  members?: Member[],
  data?: Member[],
): number {
  if (text.charCodeAt(start) !== OPEN_BRACE || depth === 0) return UNUSUAL;
  let i = skipSpace(text, start + 1);
  if (text.charCodeAt(i) === CLOSE_BRACE) return i + 1;
  for (;;) {
    const from = i;
    if (text.charCodeAt(from) !== QUOTE) return UNUSUAL;
    const behindKey = endOfString(text, from);
    i = skipSpace(text, behindKey);
    if (text.charCodeAt(i) !== COLON) return UNUSUAL;
    const at = skipSpace(text, i + 1);
    const key = members && text.slice(from + 1, behindKey - 1);
    const end =
      data && key === "data" ? endOfObject(text, at, depth - 1, data) : endOfValue(text, at, depth - 1);
    if (end === UNUSUAL) return UNUSUAL;
    if (members && key !== undefined) {
      if (isOddKey(key, members)) return UNUSUAL;
      members.push({ key, from, start: at, end });
    }
    i = skipSpace(text, end);
    const c = text.charCodeAt(i);
    if (c === CLOSE_BRACE) return i + 1;
    if (c !== COMMA) return UNUSUAL;
    i = skipSpace(text, i + 1);
  }
}

function isOddKey(key: string, members: readonly Member[]): boolean {
  return key === "__proto__" || members.length === MOST_MEMBERS || memberOf(members, key) !== undefined;
}

function memberOf(members: readonly Member[], key: string): Member | undefined {
  for (const member of members) if (member.key === key) return member;
  return undefined;
}

function endOfArray(text: string, start: number, depth: number): number {
  if (depth === 0) return UNUSUAL;
  let i = skipSpace(text, start + 1);
  if (text.charCodeAt(i) === CLOSE_BRACKET) return i + 1;
  for (;;) {
    const end = endOfValue(text, i, depth - 1);
    if (end === UNUSUAL) return UNUSUAL;
    i = skipSpace(text, end);
    const c = text.charCodeAt(i);
    if (c === CLOSE_BRACKET) return i + 1;
    if (c !== COMMA) return UNUSUAL;
    i = skipSpace(text, i + 1);
  }
}

/** `depth`: how many levels the value may have; a scalar has none. */
function endOfValue(text: string, start: number, depth: number): number {
  const c = text.charCodeAt(start);
  if (c === QUOTE) return endOfString(text, start);
  if (c === OPEN_BRACE) return endOfObject(text, start, depth);
  if (c === OPEN_BRACKET) return endOfArray(text, start, depth);
  if (c === MINUS || isDigit(c)) return endOfNumber(text, start);
  const literal = LITERALS.find((literal) => text.startsWith(literal, start));
  return literal === undefined ? UNUSUAL : start + literal.length;
}

function endOfNumber(text: string, start: number): number {
  const first = text.charCodeAt(start) === MINUS ? start + 1 : start;
  let i = endOfDigits(text, first);
  if (i === first || (text.charCodeAt(first) === ZERO && i > first + 1)) return UNUSUAL;
  if (text.charCodeAt(i) === DOT) {
    const fraction = i + 1;
    i = endOfDigits(text, fraction);
    if (i === fraction) return UNUSUAL;
  }
  const c = text.charCodeAt(i);
  if (c !== LOWER_E && c !== UPPER_E) return i;
  const sign = text.charCodeAt(i + 1);
  const exponent = sign === PLUS || sign === MINUS ? i + 2 : i + 1;
  i = endOfDigits(text, exponent);
  return i === exponent ? UNUSUAL : i;
}

function endOfDigits(text: string, start: number): number {
  let i = start;
  while (isDigit(text.charCodeAt(i))) i++;
  return i;
}

function isDigit(c: number): boolean {
  return c >= ZERO && c <= NINE;
}
