import type { JsonObject } from "@roomlog/protocol";
import { at } from "./pointer.ts";
import type { Schema } from "./schema-fault.ts";

/**
 * How much work it is to check a message by a room's schema, counted before it is done: a unit is about what one step of
 * the validator takes (below a microsecond). The schema has no circles, so only its width and the message's matter.
 */
const MAX_WORK = 4000;

/** Whether it is more than a message may ask for. */
export function isTooMuchWork(schema: Schema, msg: JsonObject): boolean {
  return new Work(schema).of(schema, msg) > MAX_WORK;
}

/** Characters of a text that cost as much as a step. */
const CHARACTERS = 64;

class Work {
  readonly #root: Schema;
  #done = 0;

  constructor(root: Schema) {
    this.#root = root;
  }

  of(schema: unknown, value: unknown): number {
    this.#add(schema, value);
    return this.#done;
  }

  #add(schema: unknown, value: unknown): void {
    this.#done += 1;
    if (this.#done > MAX_WORK || typeof schema !== "object" || schema === null) return;
    for (const [keyword, given] of Object.entries(schema)) {
      this.#done += 0.25 + ownWork(keyword, given, value);
      this.#below(keyword, given, value);
    }
    if (typeof value === "object" && value !== null) this.#members(schema as JsonObject, value);
  }

  /** What a keyword looks at in the same value. */
  #below(keyword: string, given: unknown, value: unknown): void {
    switch (keyword) {
      case "$ref":
        return this.#add(at(this.#root, decodeURIComponent((given as string).slice(1))), value);
      case "not":
      case "if":
      case "then":
      case "else":
        return this.#add(given, value);
      case "allOf":
      case "anyOf":
      case "oneOf":
      case "dependentSchemas":
        for (const part of Object.values(given as object)) this.#add(part, value);
    }
  }

  /** What it looks at in the parts of the value. */
  #members(
    { properties, prefixItems, additionalProperties, propertyNames, items, contains }: JsonObject,
    value: object,
  ) {
    const named = (properties ?? prefixItems) as Record<string, unknown> | undefined;
    for (const [name, part] of Object.entries(named ?? {}))
      if (Object.hasOwn(value, name)) this.#add(part, (value as Record<string, unknown>)[name]);
    if (Array.isArray(value)) this.#items(value, [items, contains].filter(isThere));
    else this.#names(value, additionalProperties, propertyNames);
  }

  #items(value: readonly unknown[], parts: readonly unknown[]): void {
    if (parts.length === 0) return;
    for (const item of value) {
      this.#done += 0.25;
      if (this.#done > MAX_WORK) return;
      for (const part of parts) this.#add(part, item);
    }
  }

  #names(value: object, forAll: unknown, forNames: unknown): void {
    const names = Object.keys(value);
    // The validator lists them, too.
    this.#done += names.length / 4;
    for (const name of names) {
      if (this.#done > MAX_WORK) return;
      if (forAll !== undefined || forNames !== undefined) this.#done += name.length / CHARACTERS;
      if (forAll !== undefined) this.#add(forAll, (value as Record<string, unknown>)[name]);
      if (forNames !== undefined) this.#add(forNames, name);
    }
  }
}

function isThere(part: unknown): boolean {
  return part !== undefined;
}

/** What a keyword itself does with a value. */
function ownWork(keyword: string, given: unknown, value: unknown): number {
  switch (keyword) {
    case "minLength":
    case "maxLength":
      return typeof value === "string" ? value.length / CHARACTERS / 4 : 0;
    case "format":
      return typeof value === "string" ? value.length / (CHARACTERS / 4) : 0;
    case "enum":
    case "const":
      return JSON.stringify(given).length / (CHARACTERS / 2);
    case "required":
    case "dependentRequired":
    case "properties":
      return Object.keys(given as object).length / 8;
    case "multipleOf":
      return 4;
    case "uniqueItems":
      return Array.isArray(value) ? (value.length * sizeOf(value)) / 32 : 0;
    default:
      return 0;
  }
}

/** Values, and more for long texts. */
function sizeOf(value: unknown): number {
  if (typeof value === "string") return 1 + value.length / CHARACTERS;
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, part) => sum + sizeOf(part), 1);
}
