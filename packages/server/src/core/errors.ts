import { type CloseCode, type ErrorCode, type ErrorData, errorText } from "@roomlog/protocol";

/** What an error may say beside its code (F2), and whether the connection ends after the answer. */
export interface ErrorDetails {
  /** Fills the `~s` of the error's text. */
  readonly detail?: string;
  readonly field?: string;
  readonly limit?: number;
  /** The setting that says the limit; for the metrics. */
  readonly setting?: string;
  readonly retry_after_ms?: number;
  /** What somebody gave as the reason, or what is wrong with `field`. */
  readonly reason?: string;
  readonly close?: CloseCode;
  /** What is wrong inside of `field` (M24). */
  readonly fault?: Pick<ErrorData, "pointer" | "reason" | "type" | "version" | "from">;
  /** The right that is missing; for the log. */
  readonly right?: string | undefined;
}

/** An expected failure of a request: it becomes the error answer. */
export class RequestError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(errorText(code, details.detail));
    this.name = "RequestError";
    this.code = code;
    this.details = details;
  }

  /** The `data` of the error answer. */
  get data(): ErrorData {
    const { field, limit, retry_after_ms, reason, fault } = this.details;
    return {
      code: this.code,
      error: this.message,
      ...(field !== undefined && { field }),
      ...(limit !== undefined && { limit }),
      ...(retry_after_ms !== undefined && { retry_after_ms }),
      ...(reason !== undefined && { reason }),
      ...fault,
    };
  }
}

/** An error that another session answered; it is passed on as it is (C4). */
export class RelayedError extends RequestError {
  readonly #data: ErrorData;

  constructor(code: number, text: string) {
    super(100003, { detail: text });
    this.name = "RelayedError";
    // A session may answer with a code that is not in our table.
    this.#data = { code: code as ErrorCode, error: text };
  }

  override get data(): ErrorData {
    return this.#data;
  }
}

/** Free space is looked for again about once a second. */
const DISK_RETRY_MS = 1000;

/** Q9: the disk is nearly full. */
export function diskLow(): RequestError {
  return new RequestError(304109, { retry_after_ms: DISK_RETRY_MS, setting: "store.min_free_bytes" });
}

/** C7: a mandatory field that is not there. */
export function missingField(field: string): RequestError {
  return new RequestError(100045, { detail: field, field });
}

/** C7: a field of a wrong type or value, and why where that is not plain. */
export function syntaxError(field: string, reason?: string): RequestError {
  return new RequestError(100044, { detail: field, field, ...(reason !== undefined && { reason }) });
}
