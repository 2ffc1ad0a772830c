import type { ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type ErrorData, type Filter, readOn } from "@roomlog/protocol";
import type { Clock } from "../core/clock.ts";
import { elementsOf } from "../core/json-text.ts";
import { Calendar, hasDay, isTime } from "../transcript/calendar.ts";
import { FORMATS, type Format, formats, isFormat } from "../transcript/formats.ts";
import { pour } from "../transcript/pour.ts";
import type { Reader } from "../transcript/reader.ts";
import { type Asked, transcript } from "../transcript/transcript.ts";
import { asHttpError, faulty } from "./answers.ts";
import { type Ctx, callerOf, type Asked as Question, resultOf } from "./context.ts";
import { cutWhenStalled } from "./entrances.ts";
import type { Answer, LocalClient } from "./local-client.ts";
import { logIn } from "./login.ts";
import { dataOf, jsonIn } from "./query.ts";

/** What M25 takes. */
const PARAMETERS = {
  format: "text",
  from: "text",
  to: "text",
  epoch: "text",
  where: "text",
  recording_start: "text",
  text_field: "text",
  time_zone: "text",
  versions: "flag",
  non_text: "flag",
} as const;

/** A page that is refused for its rate is asked for again, for so long in all; in milliseconds. */
const PATIENCE_MS = 60_000;

/** Messages say what they want, and the page is shown where the server is: nothing in it is run or loaded. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/** H12: the log of a room as a transcript (M25), by a session of its own that lasts as long as the response. */
export async function exportLog(c: Ctx): Promise<Response> {
  const asked = askedIn(c);
  const outgoing = c.env.outgoing as ServerResponse;
  const client = await logIn(callerOf(c), c.env.parts);
  outgoing.once("close", () => client.end());
  if (outgoing.closed) client.end();
  const texts = transcript(readerOf(client, c.env.parts.clock), asked);
  try {
    // Before that it is not known whether there is anything to read.
    const head = await texts.next();
    cutWhenStalled(outgoing, c.env.way.entrance);
    outgoing.writeHead(200, headersOf(asked));
    if (c.req.method !== "HEAD") await pour(withHead(head.value ?? "", texts), outgoing);
    outgoing.end();
  } catch (error) {
    client.end();
    if (!outgoing.headersSent) throw error;
    // What was begun must not look as if it were whole.
    outgoing.destroy();
    if (!asHttpError(error)) throw error;
  }
  return RESPONSE_ALREADY_SENT;
}

async function* withHead(head: string, texts: AsyncIterable<string>): AsyncGenerator<string> {
  yield head;
  yield* texts;
}

function askedIn(c: Ctx): Asked {
  const { versions, non_text, ...texts } = dataOf(c.req.url, PARAMETERS);
  const given = texts as Partial<Record<keyof typeof PARAMETERS, string>>;
  const { format = "jsonl", epoch, text_field } = given;
  if (!isFormat(format)) throw faulty("format", `one of ${FORMATS.join(", ")}`);
  return {
    format,
    room_id: c.req.param("id") as string,
    service: c.env.way.entrance.service.name,
    epoch,
    // The first command that it goes to judges it.
    where: given.where === undefined ? undefined : (jsonIn("where", given.where) as Filter),
    text_field,
    from_time: timeIn("from", given.from),
    to_time: timeIn("to", given.to),
    recording_start: timeIn("recording_start", given.recording_start),
    calendar: calendarIn(given.time_zone),
    versions: flagIn("versions", versions),
    non_text: flagIn("non_text", non_text),
  };
}

/** ISO 8601, in UTC without a zone, or µs since 1970. */
function timeIn(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{1,16}$/.test(text) ? Number(text) : timeOf(text);
  if (Number.isNaN(time)) throw faulty(field, "write it as 2026-11-26T14:00:00Z, or as µs since 1970");
  if (!isTime(time)) throw faulty(field, "it is before 1970, or behind 2255-06-05");
  return time;
}

/** NaN when it is none. */
function timeOf(text: string): number {
  if (!hasDay(text)) return Number.NaN;
  const isZoned = /T.*(?:Z|[+-]\d\d:?\d\d)$|^\d{4}-\d\d-\d\d$/.test(text);
  const ms = /^\d{4}-/.test(text) ? Date.parse(isZoned ? text : `${text}Z`) : Number.NaN;
  return Math.round(ms * 1000);
}

function calendarIn(zone: string | undefined): Calendar | undefined {
  try {
    return zone === undefined ? undefined : new Calendar(zone);
  } catch {
    throw faulty("time_zone", "write it as Europe/Berlin or UTC");
  }
}

function flagIn(field: string, flag: unknown): boolean {
  if (flag !== undefined && typeof flag !== "boolean") throw faulty(field, "true or false");
  return flag === true;
}

function headersOf({ format, room_id }: Asked): Record<string, string> {
  return {
    "content-type": formats[format].type,
    "content-disposition": dispositionOf(room_id, format),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": POLICY,
  };
}

/** A name that every system takes, and for who knows RFC 5987 the room's own. */
function dispositionOf(room_id: string, format: Format): string {
  const plain = room_id.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 64);
  const own = room_id
    .toWellFormed()
    .replace(/[\\/:*?"<>|]/g, "_")
    .replace(/^\.+/, "_");
  const encoded = encodeURIComponent(own).replace(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}.${format}"; filename*=UTF-8''${encoded}.${format}`;
}

function readerOf(client: LocalClient, clock: Clock): Reader {
  const ask = ({ name, data }: Question) => patiently(clock, () => client.call(name, JSON.stringify(data)));
  return {
    async log(room_id, epoch) {
      const asked = { name: "media/room/msglog_info", data: { room_id, epoch } } as const;
      return JSON.parse(resultOf(await ask(asked), asked));
    },
    async digest(data) {
      const asked = { name: "media/room/msglog_digest", data } as const;
      return JSON.parse(resultOf(await ask(asked), asked)).digest;
    },
    async page(query) {
      for (let data = query; ; ) {
        const asked = { name: "media/room/msglog_get", data } as const;
        const answer = await ask(asked);
        const error = errorIn(answer);
        const from = error && readOn(error);
        if (!from) return elementsOf(resultOf(answer, asked));
        data = { ...data, ...from };
      }
    },
  };
}

/** Asks again when the answer says that it is too early (Q3). */
async function patiently(clock: Clock, ask: () => Promise<Answer>): Promise<Answer> {
  for (let waited = 0; ; ) {
    const answer = await ask();
    const pause = errorIn(answer)?.retry_after_ms;
    if (pause === undefined || waited + pause > PATIENCE_MS) return answer;
    waited += pause;
    await new Promise<void>((resolve) => void clock.after(pause, resolve));
  }
}

function errorIn({ result, data = "{}" }: Answer): ErrorData | undefined {
  return result === "error" ? JSON.parse(data) : undefined;
}
