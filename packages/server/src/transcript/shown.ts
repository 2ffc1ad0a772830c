import type { Said } from "./said.ts";

/** Edits and deletions stand in what they changed. */
export function isMessage({ log }: Said): boolean {
  return log.op === undefined;
}

/** What moves a cursor, turns text around or hides in it; line ends and tabs stay. */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is meant
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu;

/** Text of somebody else without what is not seen; its lines end with `\n`. */
export function clean(text: string): string {
  return text
    .replace(/\r\n?|[\u2028\u2029]/g, "\n")
    .replace(UNSEEN, "")
    .toWellFormed();
}

/** The same in one line, as names stand there. */
export function inLine(text: string): string {
  return clean(text).replaceAll("\n", " ");
}

/** A message in one line of so many characters at most. */
export function excerpt({ text, json, log }: Said, most: number): string {
  if (log.deleted) return "(deleted)";
  if (log.erased) return "(erased)";
  const line = clean(text ?? json)
    .replace(/\s+/g, " ")
    .trim();
  const characters = Array.from(line.slice(0, most * 2));
  return line.length <= most ? line : `${characters.slice(0, most).join("")}…`;
}
