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
  ["msg", ({ json }) => harmlessJson(json)],
];

/** Without it, Excel takes UTF-8 for something else. */
const BOM = "\ufeff";

/** What spreadsheets begin a formula with, also as it is written in the Far East. */
const SIGNS = "=+\\-@＝＋－＠";

/** What they pass over before it: quotes, spaces, and what nobody sees. */
const PASSED = "'\"\\s\\u2800\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}";

const FORMULA = new RegExp(`^[${PASSED}]*[${SIGNS}]|^['"]*[\\t\\r\\n]`, "u");

/** What a cell begins behind for who does not separate by commas, and so sees no quotes: all of it, to be gone through once. */
const BEGINNINGS = new RegExp(`[;\\t\\r\\n][;${PASSED}]*[${SIGNS}]?`, "gu");

/** Such a place ends with a formula. */
const SIGN = new RegExp(`[${SIGNS}]$`, "u");

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

/** A cell that would be taken for a formula gets an apostrophe before it, also one that begins within this one. */
function harmless(cell: string): string {
  const text = cell.replace(BEGINNINGS, (place) => (SIGN.test(place) ? marked(place) : place));
  return FORMULA.test(text) ? `'${text}` : text;
}

/** A line is always a new row; in the last one `;` or a tab may be what separates. */
function marked(place: string): string {
  const line = Math.max(place.lastIndexOf("\n"), place.lastIndexOf("\r"), 0);
  return place.slice(0, line) + place.slice(line).replace(/[;\t\r\n]/g, "$&'");
}

/** The same JSON in one line: there an escape does what an apostrophe does elsewhere. */
function harmlessJson(json: string): string {
  const escaped = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return json.replace(/[\t\r\n]/g, " ").replace(BEGINNINGS, (place) => place.replace(SIGN, escaped));
}

/** Also what only others separate by, for who takes it for a separator beside the comma. */
function quoted(cell: string): string {
  return /[",;\t\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
