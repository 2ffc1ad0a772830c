import { faulty } from "./answers.ts";

/** Fields by name, with what each is; one that is written in another way is for the command to refuse (C7). */
export type Fields = Readonly<Record<string, keyof typeof readers>>;

/** What is no whole number, or neither true nor false, stays as it was written. */
const readers = {
  number: numberIn,
  text: (text: string) => text,
  flag: (text: string) => ({ true: true, false: false })[text] ?? text,
};

/**
 * The query of a request as `data` of a command that takes these fields. Throws a `HttpError` for any other parameter:
 * a misspelt one would quietly give another page.
 */
export function dataOf(url: string, fields: Fields): QueryData {
  const data: Record<string, string | number | boolean> = {};
  for (const [name, value] of new URL(url).searchParams) {
    const kind = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!kind) throw faulty(name, `no such parameter; there are ${Object.keys(fields).join(", ") || "none"}`);
    data[name] = readers[kind](value);
  }
  return data;
}

/** Of a command, as a query has it. */
export type QueryData = Readonly<Record<string, string | number | boolean>>;

/** A parameter that is JSON, as it is. Throws a `HttpError` when it is not. */
export function jsonIn(field: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw faulty(field, "it is no JSON");
  }
}

/** A whole number as such, anything else as it was written. */
export function numberIn(text: string): number | string {
  const number = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(number) ? number : text;
}
