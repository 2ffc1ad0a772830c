import { roomClasses } from "@roomlog/protocol/commands";
import * as z from "zod";

export const settings = z.strictObject({
  default_timeout: z
    .int()
    .min(5)
    .max(259_200)
    .optional()
    .describe(
      "Seconds without activity after which a room that was created without `timeout` ends; none: never (R6).",
    ),
  create_on_join: z
    .enum(roomClasses)
    .optional()
    .describe("Class of the rooms that `join` makes when they are not there; none: it does not (R4)."),
  max_rooms: z.int().min(1).default(1_000_000).describe("Most rooms of the service (Q7)."),
  member_grace_seconds: z
    .number()
    .min(0)
    .max(86_400)
    .default(30)
    .describe("Time a member whose connection was lost has to come back before he leaves (R4)."),
  memory_bytes: z
    .int()
    .min(1024)
    .max(1024 ** 4)
    .default(64 * 1024 ** 2)
    .describe("Memory for the status and the members' meta of all rooms together (R5)."),
});
