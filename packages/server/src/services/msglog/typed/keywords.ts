/** What the value of a keyword has to be. */
export type Kind =
  | "schema"
  | "schemas"
  | "schemas by name"
  | "names by name"
  | "names"
  | "values"
  | "count"
  | "number"
  | "step"
  | "boolean"
  | "string"
  | "pattern"
  | "format"
  | "type"
  | "ref"
  | "any";

/** The keywords of draft 2020-12 that are checked, or that only say something. */
const safe = {
  $schema: "string",
  $comment: "string",
  $defs: "schemas by name",
  $ref: "ref",
  title: "string",
  description: "string",
  default: "any",
  examples: "values",
  deprecated: "boolean",
  readOnly: "boolean",
  writeOnly: "boolean",
  type: "type",
  const: "any",
  enum: "values",
  allOf: "schemas",
  anyOf: "schemas",
  oneOf: "schemas",
  not: "schema",
  if: "schema",
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: "schema",
  else: "schema",
  properties: "schemas by name",
  additionalProperties: "schema",
  propertyNames: "schema",
  required: "names",
  dependentRequired: "names by name",
  dependentSchemas: "schemas by name",
  minProperties: "count",
  maxProperties: "count",
  prefixItems: "schemas",
  items: "schema",
  contains: "schema",
  minContains: "count",
  maxContains: "count",
  minItems: "count",
  maxItems: "count",
  uniqueItems: "boolean",
  minimum: "number",
  maximum: "number",
  exclusiveMinimum: "number",
  exclusiveMaximum: "number",
  multipleOf: "step",
  minLength: "count",
  maxLength: "count",
  format: "format",
} as const satisfies Readonly<Record<string, Kind>>;

/** Those whose work cannot be foreseen; for an operator's own schemas alone. */
const unbounded = {
  $id: "string",
  definitions: "schemas by name",
  pattern: "pattern",
  patternProperties: "schemas by name",
  unevaluatedProperties: "schema",
  unevaluatedItems: "schema",
} as const satisfies Readonly<Record<string, Kind>>;

export const keywordsOfRooms: ReadonlyMap<string, Kind> = new Map(Object.entries(safe));
export const keywordsOfServices: ReadonlyMap<string, Kind> = new Map(
  Object.entries({ ...safe, ...unbounded }),
);

/** Formats that are checked with work in proportion to the text. */
const linear = ["date", "time", "date-time", "email", "hostname", "ipv4", "uuid"];

export const formatsOfRooms: ReadonlySet<string> = new Set(linear);
export const formatsOfServices: ReadonlySet<string> = new Set([
  ...linear,
  "duration",
  "ipv6",
  "uri",
  "uri-reference",
  "uri-template",
  "regex",
  "json-pointer",
  "relative-json-pointer",
]);

export const types: ReadonlySet<unknown> = new Set([
  "null",
  "boolean",
  "object",
  "array",
  "number",
  "integer",
  "string",
]);
