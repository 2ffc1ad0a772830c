import { type Schema as LibrarySchema, Validator } from "@cfworker/json-schema";
import type { JsonObject } from "@roomlog/protocol";
import { type Failure, failureIn } from "./failure.ts";
import type { Owner, Schema } from "./schema-fault.ts";
import { isTooMuchWork } from "./work.ts";

/** Says where a message is not as its schema says; undefined when it is. */
export type Checker = (msg: JsonObject) => Failure | undefined;

const TOO_MUCH: Failure = {
  pointer: "",
  reason: "has too many values or too long texts to be checked by the room's schema",
};
const IMPOSSIBLE: Failure = { pointer: "", reason: "cannot be checked by the schema" };

/** A schema that `faultOfSchema` has nothing against, ready for messages. */
export function checkerOf(schema: Schema, owner: Owner): Checker {
  const validator = new Validator(copyOf(schema), "2020-12");
  return (msg) => {
    if (owner === "room" && isTooMuchWork(schema, msg)) return TOO_MUCH;
    const result = attempt(() => validator.validate(msg));
    if (!result) return IMPOSSIBLE;
    return result.valid ? undefined : failureIn(result.errors, schema, msg);
  };
}

/** The validator writes into what it is given. A schema's name is of no use, since nothing refers to it. */
function copyOf(schema: Schema): LibrarySchema {
  const copy = JSON.parse(JSON.stringify(schema));
  if (typeof copy === "object") delete copy.$id;
  return copy;
}

/** The validator does not take names that are not well-formed Unicode, and its stack ends where messages are as deep as they may be. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof URIError || error instanceof RangeError) return undefined;
    throw error;
  }
}
