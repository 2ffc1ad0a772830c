import { faulty } from "./answers.ts";

/** Fields by name: whether each is a whole number; one that is written in another way is for the command to refuse (C7). */
export type Fields = Readonly<Record<string, "number" | "text">>;

/**
 * The query of a request as `data` of a command that takes these fields. Throws a `HttpError` for any other parameter:
 * a misspelt one would quietly give another page.
 */
export function dataOf(url: string, fields: Fields): Record<string, string | number> {
  const data: Record<string, string | number> = {};
  for (const [name, value] of new URL(url).searchParams) {
    if (!Object.hasOwn(fields, name))
      throw faulty(name, `no such parameter; there are ${Object.keys(fields).join(", ") || "none"}`);
    data[name] = fields[name] === "number" ? numberIn(value) : value;
  }
  return data;
}

/** A whole number as such, anything else as it was written. */
export function numberIn(text: string): number | string {
  const number = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(number) ? number : text;
}
