import type { Rates } from "./rates.ts";

/** What bounds one connection; names and defaults are in docs/configuration.md. */
export interface SessionLimits {
  /** Unanswered requests of a client; beyond it the server stops reading. */
  readonly requests_in_flight: number;
  /** How much may be received in a second (Q2). */
  readonly rates: Rates;
  /** How much more often a connection may be refused for its rates than served before it is closed (Q3). */
  readonly rate_refusals: number;
  /** Sessions of one user in a service (Q6). */
  readonly sessions_per_user: number;
  /** Subscriptions of a connection, in each service it listens to (E2). */
  readonly subscriptions: number;
  /** Longest field of a request that is kept in memory: `meta`, `body`, status; UTF-8 bytes of its text (F10). */
  readonly field_bytes: number;
  /** Events that the client has not answered (M11). */
  readonly window: number;
  /** A socket takes some of what waits for it within this time (M11). */
  readonly stalled_seconds: number;
  /** Bytes that wait for the socket before no further request is executed (M11). */
  readonly session_queue_bytes: number;
  /** A request of the server is answered within this time (F8). */
  readonly answer_seconds: number;
  /** … and within this time after an ack (F8). */
  readonly extended_answer_seconds: number;
  /** Acks of one request that extend it (F8). */
  readonly acks: number;
  /** Without any frame for this long a connection is closed (T4). */
  readonly idle_seconds: number;
  /** Sessions that HTTP requests of one caller share (H2). */
  readonly http_sessions: number;
  /** Between the server's pings; 0 switches them off (F9). */
  readonly ping_seconds: number;
  /** A connection logs in within this time (L3). */
  readonly login_seconds: number;
  /** Values of a frame, one with a name counting as four (F11). */
  readonly frame_values: number;
  /** Largest frame before login (L9). */
  readonly login_frame_bytes: number;
  /** Refused logins before the connection is closed (L3). */
  readonly login_failures: number;
  /** The holder of a session id that is asked for again answers within this time (L4). */
  readonly holder_answer_seconds: number;
  /** A session can be resumed within this time; 0 switches it off (L13). */
  readonly resume_seconds: number;
}
