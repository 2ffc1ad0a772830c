import type { ErrorData } from "./errors.ts";

/** A request as it goes over the wire (F1). `tid` is any JSON value. */
export interface RequestFrame {
  readonly class: string;
  readonly subclass?: string;
  readonly cmd: string;
  readonly data?: object;
  readonly tid: unknown;
}

/** The answer to a request (F2). */
export type ResponseFrame =
  | { readonly result: "ok"; readonly data?: unknown; readonly tid: unknown }
  | { readonly result: "error"; readonly data: ErrorData; readonly tid: unknown };

/** "The answer takes longer" (F3). */
export interface AckFrame {
  readonly ack: unknown;
}

/** A received JSON value, sorted by the rules F4 and F5. */
export type Inbound =
  | {
      readonly kind: "request";
      readonly class: string;
      readonly subclass: string;
      readonly cmd: string;
      readonly data: JsonObject;
      readonly tid: unknown;
    }
  | { readonly kind: "response"; readonly result: unknown; readonly data: unknown; readonly tid: unknown }
  | { readonly kind: "ack"; readonly tid: unknown }
  /** Can be answered: an error about `field`. */
  | { readonly kind: "invalid"; readonly problem: "missing" | "syntax"; readonly field: string }
  /** Cannot be answered: the connection ends. */
  | { readonly kind: "malformed"; readonly reason: string };

export type JsonObject = { readonly [key: string]: unknown };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sorts a parsed frame (F4, F5): request, response, ack, what can be answered, what cannot. */
export function classify(value: unknown): Inbound {
  if (!isJsonObject(value)) return { kind: "malformed", reason: "a frame is one JSON object" };
  const has = (key: string) => Object.hasOwn(value, key);
  const isRequest = has("class") && has("cmd") && has("tid");
  if (!isRequest && has("result") && has("tid")) {
    return { kind: "response", result: value.result, data: value.data, tid: value.tid };
  }
  if (!isRequest && has("ack")) return { kind: "ack", tid: value.ack };
  if (!has("tid")) return { kind: "malformed", reason: "missing field: tid" };
  return request(value);
}

function request(value: JsonObject): Inbound {
  for (const field of ["class", "cmd"]) {
    if (!Object.hasOwn(value, field)) return { kind: "invalid", problem: "missing", field };
  }
  const { class: cls, cmd, tid } = value;
  const subclass = value.subclass ?? "core";
  if (typeof cls !== "string") return { kind: "invalid", problem: "syntax", field: "class" };
  if (typeof subclass !== "string") return { kind: "invalid", problem: "syntax", field: "subclass" };
  if (typeof cmd !== "string") return { kind: "invalid", problem: "syntax", field: "cmd" };
  const given = value.data ?? {};
  const data = Array.isArray(given) && given.length === 0 ? {} : given;
  if (!isJsonObject(data)) return { kind: "invalid", problem: "syntax", field: "data" };
  return { kind: "request", class: cls, subclass, cmd, data, tid };
}
