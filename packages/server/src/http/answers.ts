import type { ErrorCode, ErrorData } from "@roomlog/protocol";
import { closeCodes, errorText } from "@roomlog/protocol";
import { SessionEnded } from "./local-client.ts";

/** The HTTP status of each code that a command may be answered with (H3); the others are 500. */
export const statuses: Partial<Record<ErrorCode, number>> = {
  100005: 504,
  100006: 404,
  100020: 404,
  100030: 403,
  100031: 401,
  100032: 409,
  100033: 404,
  100034: 409,
  100035: 400,
  100036: 404,
  100037: 403,
  100040: 400,
  100041: 400,
  100042: 404,
  100043: 400,
  100044: 400,
  100045: 400,
  100046: 400,
  100047: 502,
  100050: 429,
  100051: 503,
  100061: 503,
  100062: 404,
  304001: 404,
  304002: 409,
  304003: 404,
  304101: 413,
  304102: 429,
  304103: 400,
  304104: 409,
  304105: 503,
  304106: 404,
  304107: 403,
  304108: 403,
  304109: 507,
  304110: 404,
  304111: 409,
  304112: 422,
  304113: 409,
};

/** What is answered in place of a result; `code` is left out when no command was asked. */
export type ErrorBody = Partial<Pick<ErrorData, "code">> & Omit<ErrorData, "code">;

/** A request that ends with an error. */
export class HttpError extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: ErrorBody, headers: Readonly<Record<string, string>> = {}) {
    super(body.error);
    this.name = "HttpError";
    this.status = status;
    this.body = body;
    this.headers = { ...retryAfter(body), ...headers };
  }
}

/** The error that a command was answered with. */
export function failed(data: ErrorData & ErrorBody): HttpError {
  return new HttpError(statuses[data.code] ?? 500, data);
}

/** Something about the request itself. */
export function faulty(field: string, reason: string): HttpError {
  return failed({ code: 100044, error: errorText(100044, field), field, reason });
}

/** What is not there, and has to be. */
export function missing(field: string): HttpError {
  return failed({ code: 100045, error: errorText(100045, field), field });
}

/** What is answered when the session ended first (T3): what it was asked may have been done. */
function ended({ how: { code, reason = "" } }: SessionEnded): HttpError {
  const body = (of: ErrorCode): ErrorBody => ({ code: of, error: `${errorText(of)}: ${reason || code}` });
  if (code === closeCodes.malformed_frame) return new HttpError(400, { code: 100044, error: reason });
  if (code === closeCodes.frame_too_large) return new HttpError(413, { error: reason });
  if (code === closeCodes.rate) return new HttpError(429, body(100050));
  return new HttpError(503, body(100061));
}

/** Anything that was thrown, as it is answered; undefined when nobody expected it. */
export function asHttpError(error: unknown): HttpError | undefined {
  if (error instanceof SessionEnded) return ended(error);
  return error instanceof HttpError ? error : undefined;
}

/** The header that says when to come again, in whole seconds. */
export function retryAfter({ retry_after_ms }: ErrorBody): Record<string, string> {
  return retry_after_ms === undefined ? {} : { "retry-after": String(Math.ceil(retry_after_ms / 1000)) };
}
