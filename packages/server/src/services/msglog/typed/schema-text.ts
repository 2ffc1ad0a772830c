import type { Schema } from "./schema-fault.ts";

/** A schema from its text, which was looked at before it was kept. */
export function schemaFrom(text: string): Schema {
  return JSON.parse(text) as Schema;
}
