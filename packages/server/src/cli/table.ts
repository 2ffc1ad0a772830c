import { type Look, paint, plain, say, sayJson, width } from "./output.ts";

/** A column of a table: what a program gets, and what a person sees of it. */
export interface Column<Row> {
  readonly head: string;
  readonly of: (row: Row) => string | number | undefined;
  /** As a person reads it; may be painted. By default the same. */
  readonly pretty?: (row: Row) => string;
  readonly align?: "right";
}

/** A column is not cut shorter than this. */
const NARROWEST = 8;

/** No lines: the columns are told apart by their heads and two spaces. */
const CHARS = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid", "middle"]
    .flatMap((place) => [place, `${place}-mid`, `${place}-left`, `${place}-right`])
    .concat("left-mid", "mid-mid", "right-mid")
    .map((place) => [place, ""]),
);

/** Rows: a JSON value a line, fields with tabs between, or a table that is cut to the terminal's width. */
export async function printTable<Row>(look: Look, columns: readonly Column<Row>[], rows: readonly Row[]) {
  if (look === "json") for (const row of rows) sayJson(row);
  else if (look === "plain") for (const row of rows) say(columns.map(({ of }) => cell(of(row))).join("\t"));
  else if (rows.length > 0) say(await drawn(columns, rows));
}

async function drawn<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Promise<string> {
  const { default: Table } = await import("cli-table3");
  const head = columns.map((column) => paint("bold", column.head));
  const cells = rows.map((row) => columns.map(({ of, pretty }) => pretty?.(row) ?? cell(of(row))));
  const colAligns = columns.map(({ align }) => align ?? "left");
  const style = { "padding-left": 0, "padding-right": 2, head: [], border: [] };
  const draw = (options: object) => {
    const table = new Table({ head, colAligns, style, ...options });
    table.push(...cells);
    return table.toString();
  };
  const widths = naturalWidths(draw({}));
  const text = draw({ chars: CHARS, colWidths: fitted(widths, width()) });
  return text.replace(/[^\S\n]+$/gm, "");
}

function cell(value: string | number | undefined): string {
  return plain(String(value ?? ""));
}

/** The upper border of a table with lines says how wide its columns are, whatever stands in them. */
function naturalWidths(lined: string): number[] {
  const [border = ""] = lined.split("\n");
  return border
    .slice(1, -1)
    .split("┬")
    .map((part) => part.length);
}

/** What is too wide is taken from the widest column, again and again. */
export function fitted(widths: readonly number[], room: number): number[] {
  const cut = [...widths];
  for (let over = cut.reduce((sum, one) => sum + one, 0) - room; over > 0; over--) {
    const widest = cut.indexOf(Math.max(...cut));
    if ((cut[widest] ?? 0) <= NARROWEST) break;
    cut[widest] = (cut[widest] ?? 0) - 1;
  }
  return cut;
}
