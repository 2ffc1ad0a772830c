import { errorCodes, isFinalClose } from "@roomlog/protocol";
import { CallError, ConnectionLost, isRefusal } from "./connection.ts";

/** Nothing was done, or its outcome is unknown; the same may succeed later. */
const temporary = new Set([100002, 100003, 100005, 100051, 304102, 304105]);
/** The same, when the server says when. */
const temporaryIfTold = new Set([errorCodes.too_many_requests, errorCodes.storage_quota_exceeded]);
const MOST_DOUBLINGS = 16;
/**
 * Whether a refusal may be another one later. What is full (R4, Q8) has no end that the server could name; a rate and
 * a full disk (Q9) have.
 */
export function isTemporary(error) {
  if (!(error instanceof CallError)) return false;
  const { code, retry_after_ms } = error.data;
  return temporary.has(code) || (temporaryIfTold.has(code) && retry_after_ms !== undefined);
}
/** Whether to connect again after a connection or a login that failed. */
export function comesAgain(error) {
  // A login that is too large is so each time (L9).
  if (error instanceof ConnectionLost && error.isTooLarge) return false;
  if (error instanceof ConnectionLost) return !isFinalClose(error.code);
  // Of the user's sessions one may end (Q6).
  return isTemporary(error) || isRefusal(error, errorCodes.too_many_requests);
}
/** How long to wait before try number `attempt` (from 0): what the server says, and a share of the back-off (full jitter). */
export function delay(error, attempt, { backoff, random }) {
  const told = error instanceof CallError ? (error.data.retry_after_ms ?? 0) : 0;
  const most = Math.min(backoff.most_ms, backoff.first_ms * 2 ** Math.min(attempt, MOST_DOUBLINGS));
  return told + Math.floor(random() * most);
}
//# sourceMappingURL=again.js.map
