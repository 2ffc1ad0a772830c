import * as z from "zod";
import { isLoopback } from "../../core/plugin.ts";

/** Whether nobody on the way can read what is told there. */
function isPrivate(url: URL): boolean {
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
}

const webhook = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w.-]{1,64}$/, "has 1 to 64 letters, digits, `_`, `.` and `-`")
      .describe("What its place in the logs is kept under (W4)."),
    url: z
      .string()
      .refine((text) => {
        const url = URL.parse(text);
        return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
      }, "is an address with https or http, without a password in it")
      .describe("What is told with a POST: https, or http on this machine."),
    secret: z.string().min(16).describe("With it each request is signed (`Roomlog-Signature`, L16)."),
    rooms: z
      .string()
      .min(1)
      .default("*")
      .describe("The room it is told of, or how the ids of its rooms begin and a `*` (L10)."),
    allow_plaintext: z
      .boolean()
      .default(false)
      .describe("Whether `url` may have http to another machine: who is on the way reads all of it."),
    max_messages: z.int().min(1).max(1000).default(100).describe("Most messages in one request."),
    requests_at_once: z
      .int()
      .min(1)
      .max(64)
      .default(8)
      .describe("Rooms that are told side by side; of each one there is one request at a time."),
    timeout_seconds: z.number().positive().max(300).default(10).describe("Time to answer (W3)."),
    max_retry_seconds: z
      .number()
      .positive()
      .max(86_400)
      .default(300)
      .describe("Longest time before the next try; the first is 1 s, and each twice the one before (W3)."),
    max_age_seconds: z
      .number()
      .positive()
      .max(31_536_000)
      .default(86_400)
      .describe("Age from which on messages that fail become dead letters (W6)."),
  })
  .refine(({ url, allow_plaintext }) => allow_plaintext || isPrivate(new URL(url)), {
    message: "has http to another machine; take https, or write allow_plaintext: true",
    path: ["url"],
  });

export const settings = z
  .array(webhook)
  .max(16)
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "two have the same name")
  .default([])
  .describe("Programs that are told what is stored ([webhooks.md](webhooks.md)).");

export type WebhookSettings = z.infer<typeof webhook>;
