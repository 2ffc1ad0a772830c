import type { ErrorCode } from "@roomlog/protocol";
import { CallError, ConnectionLost } from "./connection.ts";
import type { Settings } from "./options.ts";

/** Nothing was done, or its outcome is unknown; the same may succeed later. */
const temporary: ReadonlySet<ErrorCode> = new Set([100002, 100003, 100005, 100050, 100051, 304102, 304105]);
/** From here on a close code says: do not retry as you are (T3). */
const FIRST_FINAL = 4500;
const LAST_FINAL = 4999;
const MOST_DOUBLINGS = 16;

/** Whether a refusal may be another one later. A full quota has no end that the server could name (Q8), a full disk has (Q9). */
export function isTemporary(error: unknown): error is CallError {
  if (!(error instanceof CallError)) return false;
  return temporary.has(error.code) || (error.code === 304109 && error.data.retry_after_ms !== undefined);
}

/** Whether to connect again after a connection or a login that failed. */
export function comesAgain(error: unknown): boolean {
  if (error instanceof ConnectionLost) return error.code < FIRST_FINAL || error.code > LAST_FINAL;
  return isTemporary(error);
}

/** How long to wait before try number `attempt` (from 0): what the server says, and a share of the back-off (full jitter). */
export function delay(error: unknown, attempt: number, { backoff, random }: Settings): number {
  const told = error instanceof CallError ? (error.data.retry_after_ms ?? 0) : 0;
  const most = Math.min(backoff.most_ms, backoff.first_ms * 2 ** Math.min(attempt, MOST_DOUBLINGS));
  return told + Math.floor(random() * most);
}
