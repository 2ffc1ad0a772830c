import type { Filter, JsonObject } from "@roomlog/protocol";

/** What a client gives at login (L2), and where it comes from. */
export interface Credentials {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** The service it logs in to. */
  readonly service?: string;
  /** Where the client is: `ws:127.0.0.1:41116`. */
  readonly remote?: string;
  /** What counts as one: an IPv4 address, an IPv6 network (Q2). */
  readonly address?: string;
}

/**
 * A right by its name, everywhere or in some rooms (L10): `rooms` is a room's id, or how ids begin and a `*`. With `where`
 * what is read by it are only messages that the filter means (M17).
 */
export type GrantedRight =
  | string
  | { readonly right: string; readonly rooms: string; readonly where?: Filter | undefined };

/** Who logs in, and what he may do. */
export interface Grant {
  readonly user_id: string;
  /** `"*"` stands for all rights that need not be named. */
  readonly rights: readonly GrantedRight[];
  /** Instead of the one the client asked for. */
  readonly session_id?: string;
  /** When it ends, in seconds since 1970; the connection is closed then (4005). */
  readonly expires_at?: number;
  /** What is known about the session; it wins over what the client says about itself (L11). */
  readonly meta?: JsonObject;
  /** The kind of the authenticator it comes from: only what one of them has given can be resumed (L13). */
  readonly by?: string;
  /** What the grant rests on, in the words of its authenticator: when that has changed, it is not renewed. */
  readonly stamp?: string;
  /**
   * It resumes a session that logged in then, in seconds since 1970, and may take that over from a connection that still
   * holds it (L13).
   */
  readonly resumes?: number;
}

/** Is told why a login is refused, for the log alone: in words of the authenticator, none of the client's. */
export type Why = (reason: string) => void;

/** Decides who logs in. */
export interface Authenticator {
  /** Whether it lets in everybody who reaches the server (L7). */
  readonly open: boolean;
  /**
   * Undefined when these credentials are not good here (100030). Throws `AuthenticatorBusy` when it cannot decide
   * now.
   */
  authenticate(credentials: Credentials, why: Why): Promise<Grant | undefined>;
  /** What a grant of before is worth now (L13); undefined when it no longer holds. */
  renew(grant: Grant): Promise<Grant | undefined>;
}

/** Nobody can say now whether the credentials are good: 100050, which is no failed login (L3). */
export class AuthenticatorBusy extends Error {
  readonly retry_after_ms: number;

  constructor(message: string, retry_after_ms: number, options?: ErrorOptions) {
    super(message, options);
    this.name = "AuthenticatorBusy";
    this.retry_after_ms = retry_after_ms;
  }
}

/** The time as authenticators see it. */
export interface Time {
  /** Microseconds since 1970. */
  wall(): number;
  /** Milliseconds that only ever grow. */
  monotonic(): number;
}
