import type { SchemaChoice } from "./steps.ts";
import type { SchemaVersion } from "./world.ts";

/** Where a message is not as its schema says (M24). */
export interface Fault {
  readonly type: string;
  readonly version: number;
  readonly from: "service" | "room";
  readonly pointer: string;
  readonly reason: string;
}

/** What is wrong with an option, in the words of the server. */
interface Rule {
  readonly schema: object | boolean;
  readonly reason: string;
  isRight(option: number | string): boolean;
}

const rules: Readonly<Record<SchemaChoice["is"], Rule>> = {
  integer: { schema: { type: "integer" }, reason: "must be an integer", isRight: Number.isInteger },
  string: {
    schema: { type: "string" },
    reason: "must be a string",
    isRight: (option) => typeof option === "string",
  },
  "two or more": {
    schema: { minimum: 2 },
    reason: "must be at least 2",
    isRight: (option) => typeof option === "string" || option >= 2,
  },
  "one or three": {
    schema: { $ref: "#/$defs/few" },
    reason: "must be one of 1, 3",
    isRight: (option) => option === 1 || option === 3,
  },
  absent: { schema: false, reason: "must not be there", isRight: () => false },
};

/** The JSON Schema. */
export function schemaOf({ needed, is }: SchemaChoice): object {
  return {
    ...(is === "one or three" && { $defs: { few: { enum: [1, 3] } } }),
    ...(needed && { required: ["option"] }),
    properties: { option: rules[is].schema },
  };
}

/** The service's own, which has to hold too. */
export const serviceSchemas = {
  vote: { version: 7, schema: { properties: { option: { maximum: 5 } } } },
};

interface Typed {
  readonly type?: string;
  readonly option?: number | string;
}

/** Why a message cannot be stored: the service is asked first. */
export function faultOf(
  ofRoom: ReadonlyMap<string, SchemaVersion>,
  { type, option }: Typed,
): Fault | undefined {
  if (type === undefined) return undefined;
  if (type === "vote" && typeof option === "number" && option > 5) {
    return { type, version: 7, from: "service", pointer: "/option", reason: "must be at most 5" };
  }
  const { version = 0, schema } = ofRoom.get(type) ?? {};
  if (!schema) return undefined;
  const place = placeIn(schema, option);
  return place && { type, version, from: "room", ...place };
}

function placeIn({ needed, is }: SchemaChoice, option: number | string | undefined) {
  if (option === undefined) return needed && { pointer: "", reason: 'must have the member "option"' };
  const { isRight, reason } = rules[is];
  return isRight(option) ? undefined : { pointer: "/option", reason };
}
