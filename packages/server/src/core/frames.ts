import type { ErrorData, EventData } from "@roomlog/protocol";
import { JsonText, toJson } from "./json-text.ts";

/** What a command answers: an object, a list, or ready-made JSON; nothing for a plain ok (F2). */
export type Answer = object | undefined;

/** F2: an empty object has no `data`, an empty list keeps `[]`. `tid` is the request's own text. */
export function okFrame(tid: string, answer: Answer): string {
  return isEmpty(answer)
    ? `{"result":"ok","tid":${tid}}`
    : `{"result":"ok","data":${toJson(answer)},"tid":${tid}}`;
}

export function errorFrame(tid: string, data: ErrorData): string {
  return `{"result":"error","data":${JSON.stringify(data)},"tid":${tid}}`;
}

/** F3 */
export function ackFrame(tid: string): string {
  return `{"ack":${tid}}`;
}

/** F7: a request of the server. */
export function requestFrame(request: ServerRequest, tid: number): string {
  const subclass =
    request.subclass === undefined || request.subclass === "core" ? undefined : request.subclass;
  const head = members({ class: request.class, subclass, cmd: request.cmd });
  const data = isEmpty(request.data) ? "" : `,"data":${toJson(request.data)}`;
  const from = request.from === undefined ? "" : `,"from":${JSON.stringify(request.from)}`;
  return `{${head}${data}${from},"tid":${tid}}`;
}

export interface ServerRequest {
  readonly class: string;
  readonly subclass?: string;
  readonly cmd: string;
  readonly data?: object;
  /** Who asked, when it was another session (C4). */
  readonly from?: { readonly user_id: string; readonly session_id: string };
}

/** E1: what is absent or `"*"` is left out, and so is an empty body. */
export function eventFrame(event: EventData, body: object | undefined, tid: number): string {
  const { class: cls, subclass, type, obj_id, service } = event;
  const head = members({ class: cls, subclass, type, obj_id, service });
  const tail = isEmpty(body) ? "" : `,"body":${toJson(body)}`;
  return requestFrame({ class: "core", cmd: "event", data: new JsonText(`{${head}${tail}}`) }, tid);
}

function members(fields: Record<string, string | undefined>): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== "*")
    .map(([key, value]) => `"${key}":${JSON.stringify(value)}`)
    .join(",");
}

function isEmpty(value: object | undefined): boolean {
  if (value === undefined) return true;
  if (value instanceof JsonText) return value.isEmptyObject;
  return !Array.isArray(value) && Object.keys(value).length === 0;
}

const PLAIN_HEAD = '{"result":"ok","tid":';
/** Digits of a number that is exact for sure. */
const SAFE_DIGITS = 15;
const ZERO = 0x30;

/** The tid of the usual answer to an event, `{"result":"ok","tid":1}`, without parsing it; undefined for all else. */
export function plainOk(text: string): number | undefined {
  const digits = text.length - PLAIN_HEAD.length - 1;
  if (digits < 1 || digits > SAFE_DIGITS || !text.startsWith(PLAIN_HEAD)) return undefined;
  let tid = 0;
  for (let i = PLAIN_HEAD.length; i < text.length - 1; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    tid = tid * 10 + digit;
  }
  return text.endsWith("}") ? tid : undefined;
}
