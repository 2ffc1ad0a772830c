/** Those that the client looks at: apart, so that a web page does not carry the table. */
export const FRAME_TOO_LARGE = 1009;
export const TOKEN_EXPIRED = 4005;
export const MALFORMED_FRAME = 4500;

/**
 * WebSocket close codes (T3). 4000–4499: connect again later; 4500–4999: do not retry as you are.
 */
export const closeCodes = {
  going_away: 1001,
  protocol_error: 1002,
  binary_frame: 1003,
  invalid_utf8: 1007,
  too_many_fragments: 1008,
  frame_too_large: FRAME_TOO_LARGE,
  internal_error: 1011,
  idle: 4000,
  not_answered: 4001,
  too_slow: 4002,
  rate: 4003,
  login_timeout: 4004,
  token_expired: TOKEN_EXPIRED,
  malformed_frame: MALFORMED_FRAME,
  login_failures: 4501,
  session_stopped: 4502,
  duplicated_session_id: 4503,
  invalid_session_id: 4504,
} as const;

export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];

/** Whether a close code says: do not retry as you are (T3). */
export function isFinalClose(code: number): boolean {
  return code >= 4500 && code <= 4999;
}
