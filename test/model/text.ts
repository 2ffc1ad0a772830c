import type { Op, Part, Step } from "./steps.ts";

/** A step as one line. */
export function textOfStep(step: Step): string {
  switch (step.kind) {
    case "volley":
      return `${textOfParts(step.parts)}${step.cut ? `, ${step.cut}` : ""}`;
    case "restart":
      return `restart after ${textOfParts(step.parts)} and ${step.turns} turns${step.alone ? ", alone" : ""}`;
    default: {
      const { kind, ...fields } = step;
      return `${kind}${textOfFields(fields)}`;
    }
  }
}

function textOfParts(parts: readonly Part[]): string {
  return parts.map(({ at, ops }) => `#${at}: ${ops.map(textOfOp).join("; ")}`).join(" | ");
}

function textOfOp({ do: what, ...fields }: Op): string {
  return `${what}${textOfFields(fields)}`;
}

function textOfFields(fields: object): string {
  return Object.entries(fields)
    .map(
      ([key, value]) =>
        ` ${key}=${typeof value === "object" ? `{${textOfFields(value as object)} }` : value}`,
    )
    .join("");
}
