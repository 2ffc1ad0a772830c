import * as z from "zod";

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
  time_field: z
    .enum(["timestmap", "timestamp"])
    .default("timestmap")
    .describe(
      "Name of the server's time in a message; `timestamp` is for clients of the original build (M2).",
    ),
});

export type MsglogSettings = z.infer<typeof settings>;
