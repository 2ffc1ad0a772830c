import { errorTexts } from "@roomlog/protocol";
import { type CommandName, commands } from "@roomlog/protocol/commands";
import * as z from "zod";

/** A JSON schema (2020-12). */
export interface Schema {
  readonly [key: string]: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** The schema of what a command takes or gives. */
export function schemaOf(type: z.ZodType): Schema {
  const {
    $schema,
    "~standard": _,
    ...schema
  } = z.toJSONSchema(type, { io: "input", unrepresentable: "any" });
  return schema as Schema;
}

/** The frame of each command without its tid (F1): its name, and the schema. */
export function requestSchemas(): [name: CommandName, schema: Schema][] {
  return (Object.keys(commands) as CommandName[]).map((name) => {
    const [cls, subclass, cmd] = name.split("/");
    const data = schemaOf(commands[name].data);
    const isCore = subclass === "core";
    const properties = {
      class: { const: cls },
      subclass: { const: subclass },
      cmd: { const: cmd },
      data,
      tid: {},
    };
    const required = [
      "class",
      ...(isCore ? [] : ["subclass"]),
      "cmd",
      ...(data.required?.length ? ["data"] : []),
    ];
    return [name, { type: "object", title: name, properties, required }];
  });
}

/** F2 */
export const errorSchema: Schema = {
  type: "object",
  properties: {
    code: { type: "integer", enum: Object.keys(errorTexts).map(Number) },
    error: { type: "string" },
    retry_after_ms: { type: "number" },
    limit: { type: "number" },
    field: { type: "string" },
    reason: { type: "string" },
    pointer: { type: "string" },
    type: { type: "string" },
    version: { type: "integer" },
    from: { type: "string", enum: ["service", "room"] },
  },
  required: ["error"],
};
