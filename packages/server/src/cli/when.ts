import { InvalidArgumentError } from "commander";
import { hasDay, isTime } from "../transcript/calendar.ts";

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400, w: 604_800 };

/** `90s`, `10m`, `2h`, `7d` → seconds; undefined for anything else. */
function spanIn(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d+)\s*([a-z]+)$/.exec(text) ?? [];
  const seconds = SECONDS[unit];
  return count === undefined || seconds === undefined ? undefined : Number(count) * seconds;
}

/** A span of time in seconds: `90s`, `10m`, `2h`, `7d`. */
export function spanOf(text: string): number {
  const span = spanIn(text);
  if (span !== undefined) return span;
  throw new InvalidArgumentError("Write it as 90s, 10m, 2h or 7d.");
}

/** A point in time, µs since 1970: ISO 8601 (local time without a zone), or `10m ago`. */
export function timeOf(text: string, now = Date.now()): number {
  const [, ago] = /^(.*\S)\s*ago$/.exec(text.trim()) ?? [];
  const span = ago === undefined ? undefined : spanIn(ago);
  const ms = span === undefined ? Date.parse(isDay(text) ? `${text}T00:00` : text) : now - span * 1000;
  const isWritten = span !== undefined || (/^\d{4}-/.test(text) && hasDay(text));
  if (isWritten && !Number.isNaN(ms)) return possible(Math.round(ms * 1000));
  throw new InvalidArgumentError(
    'Write it as 2026-11-26T14:00, 2026-11-26T14:00:00Z, µs since 1970 or "10m ago".',
  );
}

/** The same, or as µs since 1970 themselves. */
export function momentOf(text: string): number {
  return /^\d{11,16}$/.test(text) ? possible(Number(text)) : timeOf(text);
}

function possible(time: number): number {
  if (isTime(time)) return time;
  throw new InvalidArgumentError("It is before 1970, or behind 2255-06-05.");
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text);
}
