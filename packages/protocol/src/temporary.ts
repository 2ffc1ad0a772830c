import { type ErrorCode, type ErrorData, errorCodes } from "./errors.ts";

/** Nothing was done, or its outcome is unknown; the same may succeed later. */
const temporary: ReadonlySet<ErrorCode> = new Set([100002, 100003, 100005, 100051, 304102, 304105]);
/** The same, when the server says when. */
const temporaryIfTold: ReadonlySet<ErrorCode> = new Set([
  errorCodes.too_many_requests,
  errorCodes.storage_quota_exceeded,
]);

/**
 * Whether an error may be another one later. What is full (R4, Q8) has no end that the server could name; a rate and
 * a full disk (Q9) have.
 */
export function isTemporaryError({ code, retry_after_ms }: ErrorData): boolean {
  return temporary.has(code) || (temporaryIfTold.has(code) && retry_after_ms !== undefined);
}
