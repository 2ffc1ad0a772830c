import type { ErrorCode } from "@roomlog/protocol";
import { CallError, ConnectionLost } from "./connection.ts";
import type { Settings } from "./options.ts";

/** Nothing was done, or its outcome is unknown; the same may succeed later. */
const temporary: ReadonlySet<ErrorCode> = new Set([100002, 100003, 100005, 100051, 304102, 304105]);
const OVER_LIMIT = 100050;
const QUOTA = 304109;
/** From here on a close code says: do not retry as you are (T3). */
const FIRST_FINAL = 4500;
const LAST_FINAL = 4999;
const MOST_DOUBLINGS = 16;

/**
 * Whether a refusal may be another one later. What is full (R4, Q8) has no end that the server could name; a rate and
 * a full disk (Q9) have.
 */
export function isTemporary(error: unknown): error is CallError {
  if (!(error instanceof CallError)) return false;
  const { code, retry_after_ms } = error.data;
  return temporary.has(code) || ((code === OVER_LIMIT || code === QUOTA) && retry_after_ms !== undefined);
}

/** Whether to connect again after a connection or a login that failed. */
export function comesAgain(error: unknown): boolean {
  // A login that is too large is so each time (L9).
  if (error instanceof ConnectionLost && error.isTooLarge) return false;
  if (error instanceof ConnectionLost) return error.code < FIRST_FINAL || error.code > LAST_FINAL;
  // Of the user's sessions one may end (Q6).
  return isTemporary(error) || (error instanceof CallError && error.code === OVER_LIMIT);
}

/** How long to wait before try number `attempt` (from 0): what the server says, and a share of the back-off (full jitter). */
export function delay(error: unknown, attempt: number, { backoff, random }: Settings): number {
  const told = error instanceof CallError ? (error.data.retry_after_ms ?? 0) : 0;
  const most = Math.min(backoff.most_ms, backoff.first_ms * 2 ** Math.min(attempt, MOST_DOUBLINGS));
  return told + Math.floor(random() * most);
}
