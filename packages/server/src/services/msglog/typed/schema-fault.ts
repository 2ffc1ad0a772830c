import { isJsonObject, type JsonObject } from "@roomlog/protocol";
import {
  formatsOfRooms,
  formatsOfServices,
  type Kind,
  keywordsOfRooms,
  keywordsOfServices,
  types,
} from "./keywords.ts";
import { joined } from "./pointer.ts";

/** A JSON Schema, as far as it has been looked at. */
export type Schema = JsonObject | boolean;

/** Whose a schema is: rooms' come from users, who may not keep the server busy with them. */
export type Owner = "service" | "room";

/** What is wrong with a schema, and where in it: a JSON Pointer. */
export interface SchemaFault {
  readonly pointer: string;
  readonly reason: string;
}

const DRAFT = "https://json-schema.org/draft/2020-12/schema";

/** Levels of a room's schema, one inside the other. */
const MAX_DEPTH = 16;

/** What the check of a room's schema counts. */
const MAX_KEYWORDS = 512;

class Broken extends Error {
  readonly fault: SchemaFault;
  constructor(pointer: string, reason: string) {
    super(reason);
    this.fault = { pointer, reason };
  }
}

/** Undefined when it is a schema that can be used. */
export function faultOfSchema(schema: unknown, owner: Owner): SchemaFault | undefined {
  try {
    new SchemaCheck(schema, owner).run();
    return undefined;
  } catch (error) {
    if (error instanceof Broken) return error.fault;
    throw error;
  }
}

class SchemaCheck {
  readonly #root: unknown;
  readonly #owner: Owner;
  readonly #keywords: ReadonlyMap<string, Kind>;
  /** Of all schemas in it, by pointer: where its `$ref` goes to. */
  readonly #refs = new Map<string, string>();
  readonly #pointers = new Set<string>();
  #count = 0;

  constructor(root: unknown, owner: Owner) {
    this.#root = root;
    this.#owner = owner;
    this.#keywords = owner === "room" ? keywordsOfRooms : keywordsOfServices;
  }

  run(): void {
    this.#schema(this.#root, "", 1);
    for (const [pointer, target] of this.#refs)
      if (!this.#pointers.has(target)) throw new Broken(pointer, `there is no schema at #${target}`);
    this.#refuseCircles();
  }

  #schema(schema: unknown, pointer: string, depth: number): void {
    this.#pointers.add(pointer);
    if (typeof schema === "boolean") return;
    if (!isJsonObject(schema)) throw new Broken(pointer, "a schema is an object, true or false");
    if (this.#owner === "room" && depth > MAX_DEPTH)
      throw new Broken(pointer, `at most ${MAX_DEPTH} levels of schemas`);
    if (schema.$id !== undefined && pointer !== "")
      throw new Broken(joined(pointer, "$id"), "a name is for the whole schema");
    for (const [keyword, value] of Object.entries(schema))
      this.#keyword(keyword, value, { pointer: joined(pointer, keyword), depth });
  }

  #keyword(keyword: string, value: unknown, { pointer, depth }: Place): void {
    this.#count += 1;
    if (this.#owner === "room" && this.#count > MAX_KEYWORDS)
      throw new Broken(pointer, `at most ${MAX_KEYWORDS} keywords`);
    const kind = this.#keywords.get(keyword);
    if (kind === undefined) return this.#unknown(keyword, pointer);
    const wrong = kinds[kind]?.(value);
    if (wrong !== undefined) throw new Broken(pointer, wrong);
    if (keyword === "$schema" && String(value).replace(/#$/, "") !== DRAFT)
      throw new Broken(pointer, `schemas are those of draft 2020-12 (${DRAFT})`);
    if (kind === "ref") this.#ref(value as string, pointer);
    if (kind === "format") this.#format(value as string, pointer);
    for (const [below, part] of partsOf(kind, value, pointer)) this.#schema(part, below, depth + 1);
    if (keyword === "patternProperties")
      for (const name of Object.keys(value as object)) this.#pattern(name, joined(pointer, name));
  }

  #unknown(keyword: string, pointer: string): never {
    const inServices = keywordsOfServices.has(keyword);
    const why = inServices ? "is for schemas of the service alone" : "is not known";
    throw new Broken(pointer, `the keyword ${JSON.stringify(keyword)} ${why}`);
  }

  #ref(ref: string, pointer: string): void {
    if (ref === "#") this.#refs.set(pointer, "");
    else if (ref.startsWith("#/")) this.#refs.set(pointer, unescaped(ref.slice(1), pointer));
    else throw new Broken(pointer, 'a reference is to a part of the same schema, as "#/$defs/NAME"');
  }

  #format(format: string, pointer: string): void {
    const known = this.#owner === "room" ? formatsOfRooms : formatsOfServices;
    if (!known.has(format)) throw new Broken(pointer, `a format is one of ${[...known].join(", ")}`);
  }

  #pattern(pattern: string, pointer: string): void {
    const wrong = kinds.pattern?.(pattern);
    if (wrong !== undefined) throw new Broken(pointer, wrong);
  }

  /** A schema of a room never comes to itself; one of a service not without going deeper into the message. */
  #refuseCircles(): void {
    for (const [from] of this.#refs) {
      const seen = new Set<string>();
      for (const next of this.#reached(from, seen))
        if (next === from) throw new Broken(from, "the schema refers to itself");
    }
  }

  /** The references that come after one. */
  *#reached(from: string, seen: Set<string>): Generator<string> {
    const target = this.#refs.get(from) as string;
    for (const ref of this.#refs.keys()) {
      if (!isBelow(ref, target) || seen.has(ref)) continue;
      if (this.#owner === "service" && goesDeeper(ref.slice(target.length))) continue;
      seen.add(ref);
      yield ref;
      yield* this.#reached(ref, seen);
    }
  }
}

interface Place {
  readonly pointer: string;
  readonly depth: number;
}

function isBelow(pointer: string, root: string): boolean {
  return pointer.startsWith(`${root}/`) && !pointer.slice(root.length).startsWith("/$defs/");
}

/** Whether what stands there looks at a part of the value rather than at the value itself. */
function goesDeeper(path: string): boolean {
  return /\/(properties|patternProperties|additionalProperties|propertyNames|items|prefixItems|contains|unevaluated\w+)(\/|$)/.test(
    path,
  );
}

function unescaped(pointer: string, at: string): string {
  try {
    return decodeURIComponent(pointer);
  } catch {
    throw new Broken(at, "the reference is not well-formed");
  }
}

/** The schemas that the value of a keyword holds, by where they stand. */
function partsOf(kind: Kind, value: unknown, pointer: string): [string, unknown][] {
  if (kind === "schema") return [[pointer, value]];
  if (kind !== "schemas" && kind !== "schemas by name") return [];
  return Object.entries(value as object).map(([name, part]) => [joined(pointer, name), part]);
}

const isNames = (value: unknown): boolean =>
  Array.isArray(value) && value.every((name) => typeof name === "string");

/** What is wrong with a value of a kind. */
const kinds: { readonly [kind in Kind]?: (value: unknown) => string | undefined } = {
  schemas: (value) => unless(Array.isArray(value) && value.length > 0, "a list of schemas is expected"),
  "schemas by name": (value) => unless(isJsonObject(value), "an object of schemas is expected"),
  "names by name": (value) =>
    unless(
      isJsonObject(value) && Object.values(value).every(isNames),
      "an object of lists of names is expected",
    ),
  names: (value) => unless(isNames(value), "a list of names is expected"),
  values: (value) => unless(Array.isArray(value) && value.length > 0, "a list of values is expected"),
  count: (value) =>
    unless(Number.isSafeInteger(value) && (value as number) >= 0, "a whole number from 0 is expected"),
  number: (value) => unless(Number.isFinite(value), "a number is expected"),
  step: (value) => unless(Number.isFinite(value) && (value as number) > 0, "a number over 0 is expected"),
  boolean: (value) => unless(typeof value === "boolean", "true or false is expected"),
  string: (value) => unless(typeof value === "string", "a string is expected"),
  format: (value) => unless(typeof value === "string", "a string is expected"),
  ref: (value) => unless(typeof value === "string", "a string is expected"),
  pattern: (value) => unless(isPattern(value), "a regular expression is expected"),
  type: (value) => unless(isType(value), `a type is one of ${[...types].join(", ")}, or a list of these`),
};

function unless(isRight: boolean, wrong: string): string | undefined {
  return isRight ? undefined : wrong;
}

function isType(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 && value.every((one) => types.has(one)) : types.has(value);
}

function isPattern(value: unknown): boolean {
  try {
    return typeof value === "string" && new RegExp(value, "u") instanceof RegExp;
  } catch {
    return false;
  }
}
