import * as z from "zod";
import { serviceSchemas } from "./typed/service-schemas.ts";

const retention = z.strictObject({
  max_age: z.int().min(1).optional().describe("Seconds since a message was stored."),
  max_messages: z.int().min(1).optional().describe("Messages of a room."),
  max_bytes: z.int().min(1).optional().describe("UTF-8 bytes of the text of a room's messages."),
});

export const settings = z.strictObject({
  max_message_bytes: z
    .int()
    .min(2)
    .default(65_536)
    .describe("Largest message, in bytes of its text as received (M14)."),
  max_get_messages: z
    .int()
    .min(1)
    .default(10_000)
    .describe("Most messages of an answer without `limit` (M6)."),
  max_get_bytes: z.int().min(2).default(8_388_608).describe("Most bytes of messages in one answer (M6, M8)."),
  max_scan: z
    .int()
    .min(1)
    .default(10_000)
    .describe("Most messages that `where` examines for one answer (M8)."),
  max_edits: z
    .int()
    .min(0)
    .max(10_000)
    .default(1000)
    .describe("Most edits of a message (M15); a deletion changes all of them, and `versions` has them all."),
  max_replays: z.int().min(0).default(4).describe("Most replays of a session at a time (M26)."),
  on_destroy: z
    .enum(["archive", "delete"])
    .default("archive")
    .describe("Whether the log of a room that ends stays readable under its epoch (M12)."),
  retention: retention
    .prefault({})
    .describe("What the log of a room keeps at most; a room of its own can only ask for less (M13)."),
  max_bytes_total: z
    .int()
    .min(1)
    .optional()
    .describe("UTF-8 bytes of the text of all messages that the service keeps; none: no limit (Q8)."),
  search: z
    .boolean()
    .default(true)
    .describe("Whether messages can be searched; it makes sends dearer and the database larger (M18)."),
  sweep_seconds: z
    .number()
    .positive()
    .max(86_400)
    .default(10)
    .describe("Time between looks for what retention does not keep."),
  send_rate: z
    .number()
    .positive()
    .max(1_000_000)
    .optional()
    .describe("Most sends of a session in a second; none: no limit (M14)."),
  schemas: serviceSchemas
    .prefault({})
    .describe(
      "What messages have to be: `TYPE: SCHEMA`, or `TYPE: {version, schema}`; JSON Schema, draft 2020-12 (M24, [schemas.md](schemas.md)).",
    )
    .meta({ type: "schemas by type" }),
  type_field: z
    .string()
    .min(1)
    .max(128)
    .default("type")
    .describe("Member of a message that names its type (M24)."),
  untyped: z
    .enum(["allow", "refuse"])
    .default("allow")
    .describe("What becomes of messages without a type, or of one that has no schema (M24)."),
  schema_bytes: z
    .int()
    .min(1)
    .default(67_108_864)
    .describe("Most bytes of schemas that the rooms of the service have in memory (M24)."),
  time_field: z
    .enum(["timestmap", "timestamp"])
    .default("timestmap")
    .describe(
      "Name of the server's time in a message; `timestamp` is for clients of the original build (M2).",
    ),
});

export type MsglogSettings = z.infer<typeof settings>;
