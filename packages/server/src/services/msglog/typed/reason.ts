import { isJsonObject } from "@roomlog/protocol";

/** What was expected of a value by a keyword of its schema, in a few words. */
export function reasonOf(keyword: string, given: unknown, value: unknown): string {
  return reasons[keyword]?.(given, value) ?? "not allowed by the schema";
}

const MOST_TEXT = 200;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
}

const reasons: Readonly<Record<string, (given: unknown, value: unknown) => string>> = {
  type: (given) => `must be ${[given].flat().map(named).join(" or ")}`,
  const: (given) => `must be ${shown(given)}`,
  enum: (given) => `must be one of ${(given as unknown[]).map(shown).join(", ").slice(0, MOST_TEXT)}`,
  required: (given, value) => `must have the member ${shown(missing(given as string[], value))}`,
  dependentRequired: (given, value) => `must have the member ${shown(missing(asked(given, value), value))}`,
  false: () => "must not be there",
  not: () => "is what the schema rules out",
  anyOf: (given) => `must be one of the ${(given as unknown[]).length} forms that the schema allows`,
  oneOf: (given) => `must be exactly one of the ${(given as unknown[]).length} forms that the schema allows`,
  minProperties: (given) => `must have at least ${given} members`,
  maxProperties: (given) => `must have at most ${given} members`,
  minItems: (given) => `must have at least ${given} items`,
  maxItems: (given) => `must have at most ${given} items`,
  uniqueItems: () => "must not have the same item twice",
  contains: () => "must have an item as the schema's contains says",
  minContains: (given) => `must have at least ${given} items as the schema's contains says`,
  maxContains: (given) => `must have at most ${given} items as the schema's contains says`,
  minimum: (given) => `must be at least ${given}`,
  maximum: (given) => `must be at most ${given}`,
  exclusiveMinimum: (given) => `must be greater than ${given}`,
  exclusiveMaximum: (given) => `must be less than ${given}`,
  multipleOf: (given) => `must be a multiple of ${given}`,
  minLength: (given) => `must have at least ${given} characters`,
  maxLength: (given) => `must have at most ${given} characters`,
  pattern: (given) => `must match ${shown(given)}`,
  format: (given) => `must be a text of the format ${given}`,
};

function named(type: unknown): string {
  if (type === "null") return "null";
  return `${/^[aoi]/.test(String(type)) ? "an" : "a"} ${type}`;
}

function missing(names: readonly string[], value: unknown): string | undefined {
  return names.find((name) => !Object.hasOwn(value as object, name));
}

/** The names that some member of the value asks for, as far as they are not there. */
function asked(given: unknown, value: unknown): string[] {
  if (!isJsonObject(given)) return [];
  return Object.entries(given).flatMap(([name, names]) =>
    Object.hasOwn(value as object, name) ? (names as string[]) : [],
  );
}
