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
    return attempt(() => {
      const { valid, errors } = validator.validate(msg);
      return valid ? undefined : failureIn(errors, schema, msg);
    });
  };
}

/** The validator writes into what it is given. A schema's name is of no use, since nothing refers to it. */
function copyOf(schema: Schema): LibrarySchema {
  const copy = JSON.parse(JSON.stringify(schema));
  if (typeof copy === "object") delete copy.$id;
  return copy;
}

/**
 * The validator does not take names that are not well-formed Unicode, and its stack may end before a message does. What it
 * cannot check is refused, whatever the reason: nothing is stored that nobody has looked at.
 */
function attempt(check: () => Failure | undefined): Failure | undefined {
  try {
    return check();
  } catch {
    return IMPOSSIBLE;
  }
}
