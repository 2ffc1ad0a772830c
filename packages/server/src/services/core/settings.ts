import { callbackNames } from "@roomlog/protocol/commands";
import * as z from "zod";

export const settings = z.strictObject({
  callbacks: z
    .array(z.enum(callbackNames))
    .default([])
    .describe(
      "What external programs decide (C9); with none connected the fallback does. Also what one has registered for.",
    ),
  callback_fallback: z
    .enum(["deny", "allow"])
    .default("deny")
    .describe("The decision when no program answers (C9)."),
  log_rate: z
    .number()
    .positive()
    .max(1_000_000)
    .default(10)
    .describe("Most log lines of a session in a second (Q10)."),
  callback_seconds: z.number().positive().max(180).default(5).describe("Time a program has to decide (C9)."),
});

export type CoreSettings = z.infer<typeof settings>;
