import { messageText } from "@roomlog/protocol";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { csv } from "../../packages/server/src/transcript/csv.ts";
import { saidIn, TEXT_FIELDS } from "../../packages/server/src/transcript/said.ts";
import { asStored, oneLine, storedText } from "../../packages/server/src/transcript/stored-text.ts";
import { NOTHING } from "../../packages/server/src/transcript/surroundings.ts";

const stamp = { msg_id: 7, user_id: "ann", session_id: "s", timestmap: 1_795_703_631_904_663 };

/** JSON as people write it: with white space between its parts, and whatever there is in strings. */
const written = fc
  .tuple(
    fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()),
    fc.constantFrom("", " ", "\n", "\r\n", "\t\r"),
  )
  .map(([value, space]) =>
    JSON.stringify(value, undefined, space).replaceAll("\n", space.includes("\n") ? space : "\n"),
  )
  .map((text) => (text === "{ }" ? "{}" : text));
const log = fc.constantFrom(
  undefined,
  { ref: 3 },
  { ref: 3, edited: { msg_id: 9, user_id: "}", timestmap: 5 } },
);

test("[M25] a message as it is stored is a line of jsonl, and the line is that message again, byte by byte", () => {
  fc.assert(
    fc.property(written, log, (msg, $log) => {
      const own = Object.hasOwn(JSON.parse(msg), "msg_id") ? "{}" : msg;
      const stored = messageText(own, stamp, "timestmap", $log);
      const line = oneLine(stored);
      expect(line).not.toMatch(/[\r\n]/);
      const { $log: noted, ...rest } = JSON.parse(line);
      const { $log: had, ...before } = JSON.parse(stored);
      expect(rest).toEqual(before);
      expect({ ...noted, breaks: undefined }).toEqual({ ...had, breaks: undefined });
      expect(asStored(line)).toBe(stored);
      expect(storedText(stored).msg).toBe(own);
    }),
  );
});

/** What a spreadsheet sees as a formula, behind what it passes over. */
const UNSEEN = "\\u2800\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}";
const SIGNED = new RegExp(`^["'\\s${UNSEEN}]*[=+\\-@＝＋－＠]`, "u");
const FORMULA = new RegExp(`${SIGNED.source}|^["']*[\\t\\r\\n]`, "u");
/** Behind each `;`, tab and line end that a formula follows there is one more. */
const WITHIN = new RegExp(`[;\\t\\r\\n]['";\\s${UNSEEN}]*[=+\\-@＝＋－＠]`, "gu");
const withoutMark = (cell: string) =>
  (FORMULA.test(cell.slice(1)) && cell.startsWith("'") ? cell.slice(1) : cell).replace(WITHIN, (place) =>
    place.replace(/(?:[;\t][^\r\n]*|[\r\n][^\r\n]*)$/, (line) => line.replace(/([;\t\r\n])'/g, "$1")),
  );

/** As spreadsheets read, whatever they take for a separator: quotes count only where a cell begins. */
function cellsIn(text: string, separators: string): string[] {
  const cells: string[] = [];
  for (let i = 0, cell = ""; i <= text.length; i++) {
    const isBegun = i > 0 && !`${separators}\r\n`.includes(text[i - 1] as string);
    if (text[i] === '"' && !isBegun) {
      for (i++; i < text.length && (text[i] !== '"' || text[i + 1] === '"'); i++)
        cell += text[text[i] === '"' ? i++ : i];
    } else if (i === text.length || `${separators}\r\n`.includes(text[i] as string)) {
      cells.push(cell);
      cell = "";
    } else cell += text[i];
  }
  return cells;
}

const nasty = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      "=",
      "+",
      "-",
      "@",
      "'",
      '"',
      ",",
      "\r",
      "\n",
      "\t",
      " ",
      "a",
      "＝",
      ";",
      "\u200b",
      "\0",
    ),
  }),
  fc.string({ unit: "grapheme" }),
);

test("[M25] CSV: no cell is a formula, and all of them can be had back", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ text: nasty, user_id: nasty, type: nasty }), { maxLength: 5 }),
      (list) => {
        const said = list.map(({ user_id, ...msg }, i) =>
          saidIn(
            messageText(JSON.stringify(msg), { ...stamp, msg_id: i + 1, user_id }, "timestmap"),
            TEXT_FIELDS,
          ),
        );
        const writer = csv();
        const text = writer.head() + writer.page(said, NOTHING) + writer.tail();
        expect(text.endsWith("\r\n")).toBe(true);
        const rows: Record<string, string>[] = parse(text, {
          bom: true,
          columns: true,
          record_delimiter: "\r\n",
        });
        expect(rows).toHaveLength(list.length);
        for (const separators of [",", ";", "\t", ",;", ";\t", ",;\t"])
          for (const cell of cellsIn(text.slice(1), separators))
            expect(cell.startsWith("'") || !SIGNED.test(cell), JSON.stringify(cell)).toBe(true);
        for (const [i, row] of rows.entries()) {
          const { text, user_id, type } = list[i] as (typeof list)[number];
          for (const cell of Object.values(row))
            expect(cell.startsWith("'") || !FORMULA.test(cell)).toBe(true);
          expect([row.text, row.user_id, row.type].map((cell) => withoutMark(cell ?? ""))).toEqual([
            text,
            user_id,
            type,
          ]);
          expect(JSON.parse(row.msg ?? "")).toEqual({ text, type });
          expect(row.timestmap).toBe(String(stamp.timestmap));
        }
      },
    ),
  );
});

const rowOf = (text: string, msg = JSON.stringify({ text })) => {
  const said = saidIn(messageText(msg, stamp, "timestmap"), TEXT_FIELDS);
  return csv().page([said], NOTHING) as string;
};

test("[M25] CSV: a formula behind what nobody sees, or behind another separator, is none", () => {
  const cells = (text: string, separator: string) => cellsIn(rowOf(text), separator);
  for (const unseen of [
    "\0",
    "\x01",
    "\xad",
    "\u061c",
    "\u180e",
    "\u200b",
    "\u202e",
    "\u2060",
    "\u2800",
    "\ufeff",
  ])
    expect(rowOf(`${unseen}=1+1`)).toContain(`,'${unseen}=1+1,`);
  expect(cells("a;=1+1;b", ";")[1]).toBe("'=1+1");
  expect(cells("a;=1+1;b", ",;")).toContain("a;'=1+1;b");
  expect(cells("a\t@x\tb", "\t")[1]).toBe("'@x");
  expect(cells("a\n\n=1+1;", ";")).toContain("'=1+1");
  expect(cellsIn(rowOf("", '{"a":\t-1,"b":"c;=1"}'), "\t;").slice(1)).toEqual([
    expect.stringMatching(/^\\u003d1/),
    "",
    "",
  ]);
});

test("[M25] CSV: other texts stay as they are, and long ones take no time", () => {
  for (const text of ["a; b", "x = 1", "a-b; c", "2\n3", "it's", "well;'tis"])
    expect(cellsIn(rowOf(text), ",")[8]).toBe(text);
  rowOf(";\t\n ".repeat(100_000));
});
