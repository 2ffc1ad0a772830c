/**
 * Every error code that can stand in an error answer, with its text (F2).
 * `~s` is replaced by a detail. The codes up to 304006 are those of the original host
 * (docs/reference/original-behaviour.md §9), the rest are listed in docs/PROTOCOL.md, "Errors".
 */
export const errorTexts = {
  100001: "Normal termination",
  100002: "Internal error",
  100003: "Internal error: ~s",
  100004: "Invalid state",
  100005: "Timeout",
  100006: "Not implemented",
  100007: "Internal error",
  100008: "Process not found",
  100009: "Process failed",
  100010: "Registered process stopped",
  100011: "User stop",
  100012: "Member stop",
  100013: "API stop received",
  100020: "Service not found",
  100030: "Unauthorized",
  100031: "Not authenticated",
  100032: "Already authenticated",
  100033: "User not found",
  100034: "Duplicated session id",
  100035: "Invalid session id",
  100036: "Member not found",
  100037: "Invalid role",
  100040: "Invalid operation",
  100041: "Invalid parameters",
  100042: "Unknown command '~s'",
  100043: "Invalid action '~s'",
  100044: "Syntax error: ~s",
  100045: "Missing field: ~s",
  100046: "Invalid value: ~s",
  100047: "Invalid reply",
  100050: "Too many requests",
  100051: "Service is stopping",
  100060: "Session timeout",
  100061: "Session stop",
  100062: "Session not found",
  100070: "Invalid Uri",
  100071: "Unknown peer",
  300001: "No mediaserver available",
  300002: "Different mediaserver",
  300003: "Unknown backend",
  300004: "Session has failed",
  300005: "Incompatible session",
  300010: "Offer not set",
  300011: "Offer already set",
  300012: "Answer not set",
  300013: "Answer already set",
  300014: "No ICE candidates",
  300015: "Missing SDP",
  300020: "Bridge stop",
  300021: "Peer session stopped",
  300030: "No active recorder",
  300031: "No active player",
  300032: "No active room",
  304001: "Room not found",
  304002: "Room already exists",
  304003: "Room destroyed",
  304004: "No remaining room members",
  304005: "Invalid publisher",
  304006: "Publisher stopped",
  304101: "Message too large",
  304102: "Too many messages",
  304103: "Result too large",
  304104: "Invalid cursor",
  304105: "Log not available",
  304106: "Epoch not found",
  304107: "Muted",
  304108: "Room is read-only",
  304109: "Storage quota exceeded",
  304110: "Message not found",
  304111: "Log is on hold",
  304112: "Invalid message",
  304113: "Search is off",
} as const;

export type ErrorCode = keyof typeof errorTexts;

/** Codes by which programs decide what to do, named after their texts. */
export const errorCodes = {
  unauthorized: 100030,
  not_authenticated: 100031,
  duplicated_session_id: 100034,
  member_not_found: 100036,
  syntax_error: 100044,
  too_many_requests: 100050,
  room_not_found: 304001,
  room_already_exists: 304002,
  result_too_large: 304103,
  invalid_cursor: 304104,
  log_not_available: 304105,
  epoch_not_found: 304106,
  storage_quota_exceeded: 304109,
  message_not_found: 304110,
  log_on_hold: 304111,
  invalid_message: 304112,
  search_is_off: 304113,
} as const satisfies Readonly<Record<string, ErrorCode>>;

/** The text of a code; `detail` fills its `~s`. */
export function errorText(code: ErrorCode, detail = ""): string {
  return errorTexts[code].replace("~s", () => detail);
}

/** Where to read on when a filter has examined as much as it may (M8); undefined for every other error. */
export function readOn({
  code,
  field,
  limit,
}: ErrorData): { after: number } | { before: number } | undefined {
  if (code !== errorCodes.result_too_large || limit === undefined) return undefined;
  if (field === "after") return { after: limit };
  return field === "before" ? { before: limit } : undefined;
}

/** The `data` of an error answer (F2). */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly error: string;
  /** When a retry can succeed, in milliseconds from now. */
  readonly retry_after_ms?: number;
  /** The value of the limit that was exceeded. */
  readonly limit?: number;
  /** The field the error is about. */
  readonly field?: string;
  /** Where in that field: a JSON Pointer (RFC 6901), `""` for all of it (M24). */
  readonly pointer?: string;
  /** What was expected there (M24), or what is wrong with the field (C7); or why, in the words of whoever decided so (M22). */
  readonly reason?: string;
  /** The type of the message that is not as its schema says, the schema's version, and whose it is (M24). */
  readonly type?: string;
  readonly version?: number;
  readonly from?: "service" | "room";
}
