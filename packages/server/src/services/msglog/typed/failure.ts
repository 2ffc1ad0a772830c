import type { JsonObject } from "@roomlog/protocol";
import { at, tokensOf } from "./pointer.ts";
import { reasonOf } from "./reason.ts";
import type { Schema } from "./schema-fault.ts";

/** What the validator found, as far as it is looked at. A keyword that holds others comes before what they found. */
export interface Unit {
  readonly instanceLocation: string;
  readonly keyword: string;
  readonly keywordLocation: string;
}

/** Where a message is not as its schema says, and what was expected there (M24). */
export interface Failure {
  readonly pointer: string;
  readonly reason: string;
}

/** The most specific place of all that the validator found; the first of several. */
export function failureIn(units: readonly Unit[], schema: Schema, msg: JsonObject): Failure {
  const { pointer, keyword, given, isName } = causeIn(withoutCounted(units), schema);
  const value = isName ? tokensOf(pointer).at(-1) : at(msg, pointer);
  return { pointer, reason: `${isName ? "its name " : ""}${reasonOf(keyword, given, value)}` };
}

interface Cause {
  readonly pointer: string;
  readonly keyword: string;
  /** The keyword's value. */
  readonly given: unknown;
  /** Whether it is about the name of what stands there. */
  readonly isName: boolean;
}

/** Keywords that find nothing themselves: what is wrong comes right behind them. */
const HOLDERS: ReadonlySet<string> = new Set([
  "$ref",
  "allOf",
  "if",
  "dependentSchemas",
  "properties",
  "patternProperties",
  "additionalProperties",
  "unevaluatedProperties",
  "propertyNames",
  "items",
  "prefixItems",
  "unevaluatedItems",
]);

function causeIn(units: readonly Unit[], schema: Schema): Cause {
  const first = units.findIndex(({ keyword }) => !HOLDERS.has(keyword));
  const unit = units[first] as Unit;
  const isName = units[first - 1]?.keyword === "propertyNames";
  if (unit.keyword === "anyOf" || unit.keyword === "oneOf")
    return ofBranches(unit, units.slice(first + 1), schema);
  return causeOf(unit, schema, isName);
}

function causeOf(
  { instanceLocation, keyword, keywordLocation }: Unit,
  schema: Schema,
  isName = false,
): Cause {
  const given = keyword === "false" ? false : keywordAt(schema, plain(keywordLocation));
  return { pointer: plain(instanceLocation), keyword, given, isName };
}

/**
 * Of the alternatives the one is meant that fails deepest in the message, and not by a fixed value, since such a one tells
 * alternatives apart. Where none stands out, all of them are.
 */
function ofBranches(unit: Unit, behind: readonly Unit[], schema: Schema): Cause {
  const whole = causeOf(unit, schema);
  const causes = branchesOf(unit, behind).map((units) => causeIn(units, schema));
  const deep = causes.filter(({ pointer }) => pointer.length > whole.pointer.length);
  const meant = deep.filter(({ keyword }) => keyword !== "const" && keyword !== "enum");
  const [best] = meant.toSorted((a, b) => tokensOf(b.pointer).length - tokensOf(a.pointer).length);
  if (best) return best;
  const [first] = deep;
  const isAlike = deep.length === causes.length && deep.every(({ pointer }) => pointer === first?.pointer);
  if (!first || !isAlike) return whole;
  return deep.length === 1 ? first : { ...whole, pointer: first.pointer };
}

/** What each alternative found. A place where nothing may be says only where in the message it is. */
function branchesOf({ keywordLocation }: Unit, behind: readonly Unit[]): Unit[][] {
  const branches = new Map<string, Unit[]>();
  let last: string | undefined;
  for (const unit of behind) {
    const isInside = unit.keywordLocation.startsWith(`${keywordLocation}/`);
    if (!isInside && (unit.keyword !== "false" || last === undefined)) break;
    if (isInside) last = unit.keywordLocation.slice(keywordLocation.length + 1).split("/", 1)[0] as string;
    const branch = branches.get(last as string) ?? [];
    branches.set(last as string, [...branch, unit]);
  }
  return [...branches.values()];
}

/** What items had against them does not matter where they are counted. */
function withoutCounted(units: readonly Unit[]): Unit[] {
  const counting = units
    .filter(({ keyword }) => keyword === "minContains" || keyword === "maxContains" || keyword === "contains")
    .map(({ keywordLocation }) => keywordLocation.slice(0, keywordLocation.lastIndexOf("/")));
  return units.filter(
    (unit) => !counting.some((parent) => unit.keywordLocation.startsWith(`${parent}/contains/`)),
  );
}

/** The validator writes pointers as fragments of a URI. */
function plain(location: string): string {
  return decodeURI(location.slice(1));
}

/** The value of a keyword. The way there goes on behind a `$ref` in the schema that it names. */
function keywordAt(root: Schema, pointer: string): unknown {
  let found: unknown = root;
  // The validator spells it so.
  for (const token of tokensOf(pointer.replace(/\/dependantRequired$/, "/dependentRequired"))) {
    found = (found as Record<string, unknown> | undefined)?.[token];
    if (token === "$ref") found = at(root, decodeURIComponent((found as string).slice(1)));
  }
  return found;
}
