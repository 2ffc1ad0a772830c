import { faulty } from "./answers.ts";

/** Query parameters that are whole numbers; what is written in another way is for the command to refuse (C7). */
const NUMBERS: ReadonlySet<string> = new Set(["after", "before", "limit", "from_time", "to_time"]);

/**
 * The query of a request as `data` of a command that takes these fields. Throws a `HttpError` for any other parameter:
 * a misspelt one would quietly give another page.
 */
export function dataOf(url: string, fields: readonly string[]): Record<string, string | number> {
  const data: Record<string, string | number> = {};
  for (const [name, value] of new URL(url).searchParams) {
    if (!fields.includes(name)) throw faulty(name);
    data[name] = NUMBERS.has(name) ? numberIn(value) : value;
  }
  return data;
}

/** A whole number as such, anything else as it was written. */
export function numberIn(text: string): number | string {
  const number = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(number) ? number : text;
}
