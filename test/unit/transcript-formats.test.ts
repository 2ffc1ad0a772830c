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
const FORMULA = /^["'\s]*[=+\-@＝＋－＠]|^["']*[\t\r\n]/;
const withoutMark = (cell: string) =>
  FORMULA.test(cell.slice(1)) && cell.startsWith("'") ? cell.slice(1) : cell;

const nasty = fc.oneof(
  fc.string({
    unit: fc.constantFrom("=", "+", "-", "@", "'", '"', ",", "\r", "\n", "\t", " ", "a", "＝", ";"),
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
