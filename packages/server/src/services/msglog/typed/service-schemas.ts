import { isJsonObject } from "@roomlog/protocol";
import * as z from "zod";
import { faultOfSchema, type Schema } from "./schema-fault.ts";

/** A type of messages in the configuration. */
export interface ServiceSchema {
  readonly version: number;
  readonly schema: Schema;
}

const MAX_TYPE = 128;

/** `TYPE: SCHEMA`, or `TYPE: {version, schema}`: no schema has keywords of these names. */
const serviceSchema = z.unknown().transform((given, context): ServiceSchema => {
  const { version, schema, path } = partsOf(given);
  const fault = faultOfSchema(schema, "service");
  if (fault) {
    const message = `${fault.reason} (at #${fault.pointer} of the schema)`;
    context.addIssue({ code: "custom", message, path: [...path] });
  }
  if (!Number.isSafeInteger(version) || (version as number) < 1)
    context.addIssue({ code: "custom", message: "a whole number from 1 is expected", path: ["version"] });
  return { version: version as number, schema: schema as Schema };
});

/** The setting `schemas`. */
export const serviceSchemas = z.record(z.string().min(1).max(MAX_TYPE), serviceSchema);

function partsOf(given: unknown) {
  if (!isJsonObject(given) || !("schema" in given)) return { version: 1, schema: given, path: [] };
  const { version = 1, schema, ...rest } = given;
  const [other] = Object.keys(rest);
  if (other !== undefined) return { version, schema: given, path: [] };
  return { version, schema, path: ["schema"] };
}
