import { expect, test } from "vitest";
import { checkerOf } from "../../packages/server/src/services/msglog/typed/checker.ts";
import { faultOfSchema } from "../../packages/server/src/services/msglog/typed/schema-fault.ts";

const text = { type: "string" };
const forms = {
  anyOf: [
    { properties: { kind: { const: "line" }, points: { type: "array", items: { type: "number" } } } },
    { properties: { kind: { const: "dot" }, at: { type: "number" } } },
  ],
};

/** A schema, a message, and where and why it is refused. */
const cases: [string, object, object, string, string][] = [
  ["a wrong type", { properties: { text } }, { text: 5 }, "/text", "must be a string"],
  [
    "several types",
    { properties: { n: { type: ["integer", "null"] } } },
    { n: 0.5 },
    "/n",
    "must be an integer or null",
  ],
  ["a missing member", { required: ["a", "b"] }, { a: 1 }, "", 'must have the member "b"'],
  [
    "deep in it",
    { properties: { a: { items: { properties: { b: text } } } } },
    { a: [{}, { b: 1 }] },
    "/a/1/b",
    "must be a string",
  ],
  [
    "names with signs",
    { properties: { "a/b~c": { properties: { "é %": text } } } },
    { "a/b~c": { "é %": 1 } },
    "/a~1b~0c/é %",
    "must be a string",
  ],
  [
    "a member too many",
    { properties: { a: text }, additionalProperties: false },
    { a: "", z: 1 },
    "/z",
    "must not be there",
  ],
  [
    "by reference",
    { $defs: { t: text }, properties: { a: { $ref: "#/$defs/t" } } },
    { a: 1 },
    "/a",
    "must be a string",
  ],
  ["a constant", { properties: { a: { const: [1] } } }, { a: 1 }, "/a", "must be [1]"],
  ["a choice", { properties: { a: { enum: ["x", 2] } } }, { a: 1 }, "/a", 'must be one of "x", 2'],
  [
    "a length",
    { properties: { a: { maxLength: 2 } } },
    { a: "ab😀" },
    "/a",
    "must have at most 2 characters",
  ],
  [
    "too short",
    { properties: { a: { minLength: 2 } } },
    { a: "😀" },
    "/a",
    "must have at least 2 characters",
  ],
  ["a bound", { properties: { a: { minimum: 2 } } }, { a: 1 }, "/a", "must be at least 2"],
  ["an open bound", { properties: { a: { exclusiveMaximum: 2 } } }, { a: 2 }, "/a", "must be less than 2"],
  ["a step", { properties: { a: { multipleOf: 0.1 } } }, { a: 0.25 }, "/a", "must be a multiple of 0.1"],
  [
    "a format",
    { properties: { a: { format: "date" } } },
    { a: "2026-02-30" },
    "/a",
    "must be a text of the format date",
  ],
  ["too few items", { properties: { a: { minItems: 2 } } }, { a: [1] }, "/a", "must have at least 2 items"],
  [
    "the same twice",
    { properties: { a: { uniqueItems: true } } },
    { a: [{ b: 1 }, { b: 1 }] },
    "/a",
    "must not have the same item twice",
  ],
  [
    "an item by its place",
    { properties: { a: { prefixItems: [text], items: false } } },
    { a: ["", 1] },
    "/a/1",
    "must not be there",
  ],
  [
    "no such item",
    { properties: { a: { contains: text } } },
    { a: [1, 2] },
    "/a",
    "must have an item as the schema's contains says",
  ],
  [
    "few such items",
    { properties: { a: { contains: text, minContains: 2 } } },
    { a: [1, ""] },
    "/a",
    "must have at least 2 items as the schema's contains says",
  ],
  [
    "a name",
    { propertyNames: { maxLength: 2 } },
    { abc: 1 },
    "/abc",
    "its name must have at most 2 characters",
  ],
  [
    "a member that asks for another",
    { dependentRequired: { a: ["b"] } },
    { a: 1 },
    "",
    'must have the member "b"',
  ],
  ["ruled out", { not: { required: ["a"] } }, { a: 1 }, "", "is what the schema rules out"],
  [
    "a condition",
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    { if: { required: ["a"] }, then: { properties: { b: text } } },
    { a: 1, b: 1 },
    "/b",
    "must be a string",
  ],
  ["all of it", { allOf: [{}, { properties: { a: text } }] }, { a: 1 }, "/a", "must be a string"],
  ["the form that is meant", forms, { kind: "dot", at: "x" }, "/at", "must be a number"],
  ["the form that fails deepest", forms, { kind: "line", points: [1, "x"] }, "/points/1", "must be a number"],
  [
    "none of the forms",
    forms,
    { kind: "other" },
    "/kind",
    "must be one of the 2 forms that the schema allows",
  ],
  [
    "both forms",
    { oneOf: [{ required: ["a"] }, { required: ["b"] }] },
    { a: 1, b: 1 },
    "",
    "must be exactly one of the 2 forms that the schema allows",
  ],
  [
    "own names only",
    { required: ["toString", "__proto__"] },
    { toString: 1 },
    "",
    'must have the member "__proto__"',
  ],
];

test.each(cases)(
  "[M24] the failing place and what is expected there: %s",
  (_, schema, msg, pointer, reason) => {
    for (const owner of ["service", "room"] as const) {
      expect(faultOfSchema(schema, owner)).toBeUndefined();
      const check = checkerOf(schema as never, owner);
      expect(check(msg as never)).toEqual({ pointer, reason });
      expect(check(msg as never)).toEqual({ pointer, reason });
    }
  },
);

test("[M24] a name that is no Unicode makes a message that cannot be checked, and no error of the server", () => {
  const check = checkerOf({ additionalProperties: { type: "string" } }, "service");
  expect(check({ "\ud800": "x" })).toEqual({ pointer: "", reason: "cannot be checked by the schema" });
});

const deep = (levels: number): object => (levels === 1 ? {} : { not: deep(levels - 1) });

const faults: [string, unknown, string, string][] = [
  ["no schema", 5, "", "a schema is an object, true or false"],
  [
    "a keyword that is not known",
    { properties: { a: { requierd: [] } } },
    "/properties/a/requierd",
    'the keyword "requierd" is not known',
  ],
  [
    "a wrong value",
    { properties: { a: { minLength: -1 } } },
    "/properties/a/minLength",
    "a whole number from 0 is expected",
  ],
  [
    "a type that is none",
    { type: "text" },
    "/type",
    "a type is one of null, boolean, object, array, number, integer, string, or a list of these",
  ],
  [
    "a reference to another document",
    { items: { $ref: "https://x/y" } },
    "/items/$ref",
    'a reference is to a part of the same schema, as "#/$defs/NAME"',
  ],
  ["a reference to nothing", { $ref: "#/$defs/a" }, "/$ref", "there is no schema at #/$defs/a"],
  [
    "a circle",
    { $defs: { a: { allOf: [{ $ref: "#/$defs/a" }] } }, $ref: "#/$defs/a" },
    "/$defs/a/allOf/0/$ref",
    "the schema refers to itself",
  ],
  [
    "another draft",
    { $schema: "http://json-schema.org/draft-07/schema#" },
    "/$schema",
    "schemas are those of draft 2020-12 (https://json-schema.org/draft/2020-12/schema)",
  ],
  ["a format that is not known", { format: "colour" }, "/format", "a format is one of "],
];

test.each(faults)("[M24] what is wrong with a schema, and where: %s", (_, schema, pointer, reason) => {
  for (const owner of ["service", "room"] as const) {
    const fault = faultOfSchema(schema, owner);
    expect(fault?.pointer).toBe(pointer);
    expect(fault?.reason.startsWith(reason)).toBe(true);
  }
});

test.each([
  ["a pattern", { properties: { a: { pattern: "(a+)+$" } } }, "/properties/a/pattern"],
  ["patterns of names", { patternProperties: { "^a": {} } }, "/patternProperties"],
  ["a costly format", { format: "uri" }, "/format"],
  ["a schema inside itself", { properties: { a: { $ref: "#" } } }, "/properties/a/$ref"],
  ["what is not evaluated", { unevaluatedProperties: false }, "/unevaluatedProperties"],
  ["17 levels", deep(17), "/not".repeat(16)],
])("[M24] a room may not have %s, a service may", (_, schema, pointer) => {
  expect(faultOfSchema(schema, "room")).toMatchObject({ pointer });
  expect(faultOfSchema(schema, "service")).toBeUndefined();
});

test("[M24] a room's schema has at most 512 keywords", () => {
  const properties = Object.fromEntries(Array.from({ length: 512 }, (_, i) => [`p${i}`, { type: "string" }]));
  expect(faultOfSchema({ properties }, "room")).toMatchObject({ reason: "at most 512 keywords" });
  expect(faultOfSchema({ properties }, "service")).toBeUndefined();
});
