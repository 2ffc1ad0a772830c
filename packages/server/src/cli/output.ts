import { styleText } from "node:util";

/** How a command shows what it has: for a person, for a pipe (a line each, tabs between), or as JSON. */
export type Look = "pretty" | "plain" | "json";

type Style = Parameters<typeof styleText>[0];

/** `FORCE_COLOR` gives the look of a terminal to a pipe too, as for `less -R`. */
export function lookOf({ json }: { readonly json?: boolean }): Look {
  if (json) return "json";
  return isSeen() ? "pretty" : "plain";
}

function isSeen(): boolean {
  const { FORCE_COLOR: forced } = process.env;
  return process.stdout.isTTY || (forced !== undefined && !/^(0|false)$/.test(forced));
}

/** Columns of the terminal. */
export function width(): number {
  return process.stdout.columns || Number(process.env.COLUMNS) || 80;
}

/** In colour, where stdout shows it: not in pipes, not with `NO_COLOR`. */
export function paint(style: Style, text: string): string {
  return styleText(style, text);
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A remark beside the output: on stderr, and only where a person sees it. */
export function remark(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${styleText("dim", line, { stream: process.stderr })}\n`);
}

export function sayJson(value: unknown): void {
  say(shown(JSON.stringify(value)));
}

/** A JSON value as it stands; at a terminal without what could drive it, which changes no value. */
export function shown(json: string): string {
  return isSeen() ? json.replace(UNSEEN, asUnicode) : json;
}

/** Lines of somebody else, which stay lines; at a terminal without what could drive it. */
export function shownLines(text: string): string {
  return isSeen()
    ? text.replace(/\r?\n|\t|[^\r\n\t]+/g, (part) => (part.trim() === "" ? part : plain(part)))
    : text;
}

/**
 * What moves a terminal's cursor, breaks a line, turns its text around or hides in it. In JSON text it can only stand in
 * a string.
 */
const UNSEEN =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Text that somebody else wrote, so that it stays one line and cannot drive the terminal. */
export function plain(text: string): string {
  return text.replace(UNSEEN, (character) => SHORT[character] ?? asUnicode(character));
}

function asUnicode(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

const UNITS = ["KiB", "MiB", "GiB", "TiB"] as const;

/** `1536` → `1.5 KiB` */
export function humaneBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length);
  const value = bytes / 1024 ** power;
  return `${value.toFixed(value < 10 ? 1 : 0)} ${UNITS[power - 1]}`;
}

/** `1234567` → `1,234,567` */
export function humaneCount(count: number): string {
  return count.toLocaleString("en");
}

/** `1`, `room` → `1 room`; `2`, `entry`, `entries` → `2 entries` */
export function howMany(count: number, one: string, more = `${one}s`): string {
  return `${humaneCount(count)} ${count === 1 ? one : more}`;
}

/** µs since 1970 → the local time, without the date when that is today. */
export function humaneTime(time: number, now = Date.now()): string {
  const [day, clock] = localTime(new Date(time / 1000));
  const [today] = localTime(new Date(now));
  return day === today ? clock : `${day} ${clock}`;
}

function localTime(date: Date): readonly [day: string, clock: string] {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return [day, [two(date.getHours()), two(date.getMinutes()), two(date.getSeconds())].join(":")];
}

/** µs since 1970 → ISO, for programs. */
export function isoTime(time: number): string {
  return new Date(time / 1000).toISOString();
}

const SPANS = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
] as const;

/** Seconds → `3 min`, in the largest unit there is a whole one of. */
export function humaneSpan(seconds: number): string {
  const [unit, size] = SPANS.find(([, least]) => seconds >= least) ?? ["s", 1];
  return `${Math.floor(Math.max(seconds, 0) / size)} ${unit}`;
}
