import { isoTime } from "./calendar.ts";
import type { Said } from "./said.ts";
import { isMessage } from "./shown.ts";
import type { Writer } from "./writer.ts";

type Column = readonly [name: string, of: (said: Said) => string | number];

const columns: readonly Column[] = [
  ["msg_id", ({ msg_id }) => msg_id],
  ["time", ({ time }) => isoTime(time)],
  ["timestmap", ({ time }) => time],
  ["user_id", ({ user_id }) => user_id],
  ["session_id", ({ session_id }) => session_id],
  ["type", ({ type = "" }) => type],
  ["ref", ({ log }) => log.ref ?? ""],
  ["state", ({ log }) => stateOf(log)],
  ["text", ({ text = "" }) => text],
  ["msg", ({ json }) => json],
];

/** Without it, Excel takes UTF-8 for something else. */
const BOM = "\ufeff";

/** Where spreadsheets see a formula: also behind quotes and spaces, and as they are written in the Far East. */
const FORMULA = /^['"\s]*[=+\-@＝＋－＠]|^['"]*[\t\r\n]/;

/** Messages as rows of a table (RFC 4180), for spreadsheets. */
export function csv(): Writer {
  return {
    head: () => `${BOM}${row(columns.map(([name]) => name))}`,
    page: (messages) =>
      messages
        .filter(isMessage)
        .map((said) => row(columns.map(([, of]) => of(said))))
        .join(""),
    tail: () => "",
  };
}

function stateOf({ edited, deleted, erased }: Said["log"]): string {
  if (deleted) return "deleted";
  if (erased) return "erased";
  return edited ? "edited" : "";
}

function row(cells: readonly (string | number)[]): string {
  return `${cells.map((cell) => (typeof cell === "number" ? cell : quoted(harmless(cell)))).join(",")}\r\n`;
}

/** A cell that would be taken for a formula gets an apostrophe before it. */
function harmless(cell: string): string {
  return FORMULA.test(cell) ? `'${cell}` : cell;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
