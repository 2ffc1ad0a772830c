import { errorCodes, isFinalClose, isTemporaryError, MALFORMED_FRAME } from "@roomlog/protocol";
import { CallError, ConnectionLost, isRefusal } from "./connection.ts";
import type { Settings } from "./options.ts";

const MOST_DOUBLINGS = 16;

/** Whether a refusal may be another one later. */
export function isTemporary(error: unknown): error is CallError {
  return error instanceof CallError && isTemporaryError(error.data);
}

/** Whether to connect again after a connection or a login that failed. */
export function comesAgain(error: unknown): boolean {
  // A login that is too large is so each time (L9); of another frame that was not taken only the call has ended (F11).
  if (error instanceof ConnectionLost)
    return !error.isTooLarge && (error.code === MALFORMED_FRAME || !isFinalClose(error.code));
  // Of the user's sessions one may end (Q6).
  return isTemporary(error) || isRefusal(error, errorCodes.too_many_requests);
}

/** How long to wait before try number `attempt` (from 0): what the server says, and a share of the back-off (full jitter). */
export function delay(
  error: unknown,
  attempt: number,
  { backoff, random }: Pick<Settings, "backoff" | "random">,
): number {
  const told = error instanceof CallError ? (error.data.retry_after_ms ?? 0) : 0;
  const most = Math.min(backoff.most_ms, backoff.first_ms * 2 ** Math.min(attempt, MOST_DOUBLINGS));
  return told + Math.floor(random() * most);
}
