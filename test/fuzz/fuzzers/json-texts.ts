import * as fc from "fast-check";
import { jsonObjectText, jsonValueText } from "../../support/json-text-arbitrary.ts";
import { jsonCases } from "../corpus/json-cases.ts";

/** The written cases of JSON. */
export const writtenTexts = jsonCases.map(({ text }) => text).filter((text) => !isMisread(text));

const piece = fc.oneof(
  fc.constantFrom(...'{}[]",:\\ \n\t0123456789.-+eEtruefalsn\u0000\u001f\u007f\ufeff\u2028\ud800\udfff'),
  fc.constantFrom(
    "\\u",
    "\\ud83d",
    "__proto__",
    '"tid":',
    '"data":',
    "//",
    "/*",
    "NaN",
    "1e999",
    "[[[[",
    "}}}}",
  ),
);
const change = fc.record({ at: fc.nat(), piece, cut: fc.nat({ max: 3 }) });

/** A text with pieces put in and cut out. */
export function mutated(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(text, fc.array(change, { minLength: 1, maxLength: 4 })).map(([text, changes]) =>
    changes.reduce((text, { at, piece, cut }) => {
      const i = at % (text.length + 1);
      return text.slice(0, i) + piece + text.slice(i + cut);
    }, text),
  );
}

/** Nested so deeply, about the bounds of M7 and far above. */
const deep = fc
  .tuple(
    fc.oneof(fc.integer({ min: 60, max: 70 }), fc.integer({ min: 1, max: 5000 })),
    fc.constantFrom("[", '{"a":'),
  )
  .map(
    ([levels, open]) => open.repeat(levels) + (open === "[" ? "]" : "1}").repeat(levels).replace(/^1?/, "1"),
  );

/** Objects without escapes, as most are. */
const plain: fc.Arbitrary<string> = fc
  .object({ key: fc.stringMatching(/^[a-z]{1,3}$/), maxDepth: 3, maxKeys: 4 })
  .map((value) => JSON.stringify(value));

/** Numbers, and what is nearly one. */
const numberLike = fc.stringMatching(/^-?[0-9]{1,3}[.eE+-]{0,2}[0-9]{0,2}$/);

/** JSON of every kind, and not long. */
export const plainValueText = fc.oneof(plain, jsonValueText).filter((text) => !isMisread(text));

/** JSON, nearly JSON, and other text. */
export const valueText = fc.oneof(
  { weight: 3, arbitrary: plain },
  { weight: 3, arbitrary: jsonObjectText },
  { weight: 2, arbitrary: jsonValueText },
  { weight: 3, arbitrary: fc.constantFrom(...writtenTexts) },
  { weight: 3, arbitrary: mutated(fc.oneof(jsonObjectText, plain, fc.constantFrom(...writtenTexts))) },
  { weight: 2, arbitrary: numberLike },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
);

/**
 * V8's `JSON.parse` (Node 24.21) now and then takes a key that is one escaped character for a backslash; there is
 * nothing to compare with then.
 */
export function isMisread(text: string): boolean {
  return /"\\(u[\da-f]{4}|.)"\s*:/i.test(text);
}

/** What `JSON.parse` makes of it; undefined when it refuses it. */
export function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
