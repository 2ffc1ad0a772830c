import * as fc from "fast-check";
import { built } from "../frame/built.ts";
import { define, expect } from "../frame/fuzzer.ts";

type NamesModule = Pick<
  typeof import("../../../packages/protocol/src/names.ts"),
  "isName" | "isLabel" | "isText"
>;

interface Input {
  readonly value: unknown;
  readonly max: number;
}

/** UTF-16 code units, most of them where a rule begins or ends. */
const unit = fc.oneof(
  fc.constantFrom(
    0,
    9,
    0x1f,
    0x20,
    0x2a,
    0x7e,
    0x7f,
    0x80,
    0x9f,
    0xa0,
    0x2028,
    0xd7ff,
    0xd800,
    0xdbff,
    0xdc00,
  ),
  fc.constantFrom(0xdfff, 0xe000, 0xfeff, 0xfffd, 0xffff),
  fc.integer({ min: 0x20, max: 0x7e }),
  fc.integer({ min: 0, max: 0xffff }),
);
const text = fc.array(unit, { maxLength: 14 }).map((units) => String.fromCharCode(...units));
const value = fc.oneof({ weight: 6, arbitrary: text }, fc.constantFrom("*", "**", ""), fc.jsonValue());

/** L6, E2: what can name something, against rules that are spelled out character by character. */
export const names = define<Input>({
  name: "names",
  part: "protocol",
  inputs: fc.record({ value, max: fc.integer({ min: 1, max: 10 }) }),
  batch: 2000,
  async open(home) {
    const { isName, isLabel, isText } = await built<NamesModule>(home, "names.js");
    return {
      async check({ value, max }) {
        const asText = isTextByTheRule(value, max);
        const asLabel = asText && [...(value as string)].every((character) => !isControl(character));
        expect(isText(value, max) === asText, `isText is not ${asText}`);
        expect(isLabel(value, max) === asLabel, `isLabel is not ${asLabel}`);
        expect(isName(value, max) === (asLabel && value !== "*"), `isName is not ${!isName(value, max)}`);
      },
      async close() {},
    };
  },
});

function isTextByTheRule(value: unknown, max: number): boolean {
  if (typeof value !== "string") return false;
  const points = Array.from(value, (character) => character.codePointAt(0) as number);
  return (
    points.length >= 1 && points.length <= max && points.every((point) => point < 0xd800 || point > 0xdfff)
  );
}

/** Unicode's category Cc. */
function isControl(character: string): boolean {
  return /^\p{Cc}$/u.test(character);
}
