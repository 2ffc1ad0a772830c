import { withTail } from "@roomlog/protocol";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  depthOf,
  membersOf,
  memberText,
  parseShallow,
  withoutMembers,
} from "../../packages/server/src/core/json-text.ts";
import { jsonObjectText, jsonValueText } from "../support/json-text-arbitrary.ts";

const runs = { numRuns: Number(process.env.RUNS ?? 2000) };

describe("[M7] JSON as text", () => {
  test("members are those that JSON.parse sees", () => {
    fc.assert(
      fc.property(jsonObjectText, (text) => {
        const parsed = Object.entries(JSON.parse(text));
        const found = new Map(
          membersOf(text).map(({ key, start, end }) => [key, JSON.parse(text.slice(start, end))]),
        );
        expect(new Map(parsed)).toEqual(found);
        for (const [key, value] of parsed) expect(JSON.parse(memberText(text, key) as string)).toEqual(value);
      }),
      runs,
    );
  });

  test("without members and with a tail it is the object one expects", () => {
    const names = new Set(["msg_id", "user_id", "session_id", "timestmap", "$log"]);
    fc.assert(
      fc.property(jsonObjectText, (text) => {
        const expected = Object.entries(JSON.parse(text)).filter(([key]) => !names.has(key));
        const cut = withoutMembers(text, names);
        expect(Object.entries(JSON.parse(cut))).toEqual(expected);
        const tailed = Object.entries(JSON.parse(withTail(cut, '"msg_id":1')));
        expect(tailed).toEqual([...expected, ["msg_id", 1]]);
      }),
      runs,
    );
  });

  test("depth is counted outside strings", () => {
    const depth = (value: unknown): number =>
      typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0;
    fc.assert(
      fc.property(jsonValueText, (text) => {
        // Of repeated keys the parsed value keeps one, the text all.
        expect(depthOf(text)).toBeGreaterThanOrEqual(depth(JSON.parse(text)));
      }),
      runs,
    );
    expect(depthOf('{"a":"[[[","b":[{"c":"}"}]}')).toBe(3);
    expect(depthOf("5")).toBe(0);
  });

  test("a deep frame is parsed without its deep field, which is named", () => {
    const deep = "[".repeat(1_000_000) + "]".repeat(1_000_000);
    expect(parseShallow(`{"tid":1,"data":{"a":1,"msg":${deep}},"cmd":"x"}`, 66)).toEqual({
      value: { tid: 1, cmd: "x" },
      deep: "msg",
    });
    expect(parseShallow(`{"tid":1,"other":${deep}}`, 66)).toEqual({ value: { tid: 1 }, deep: "other" });
    expect(parseShallow(`{"data":${deep},"tid":1}`, 66)).toEqual({ value: { tid: 1 }, deep: "data" });
    expect(parseShallow(deep, 66)).toEqual({ value: [] });
  });

  test.for(['{"a":[[[', '{"a', '{"a"', '{"a":', '{"a":"\\', "{[[[[", '{"a":[[[[]]]],', '{"a":[[[[]]]]x'])(
    "broken deep text %s ends in a result or a SyntaxError",
    (text) => {
      try {
        parseShallow(text, 2);
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError);
      }
    },
  );
});
