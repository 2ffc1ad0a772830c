/** What a client gives at login (L2), and where it comes from. */
export interface Credentials {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
}

/** A right by its name, everywhere or in some rooms (L10): `rooms` is a room's id, or how ids begin and a `*`. */
export type GrantedRight = string | { readonly right: string; readonly rooms: string };

/** Who logs in, and what he may do. */
export interface Grant {
  readonly user_id: string;
  /** `"*"` stands for all rights that need not be named. */
  readonly rights: readonly GrantedRight[];
  /** Instead of the one the client asked for. */
  readonly session_id?: string;
  /** When it ends, in seconds since 1970; the connection is closed then (4005). */
  readonly expires_at?: number;
}

/** Decides who logs in. */
export interface Authenticator {
  /** Whether it lets in everybody who reaches the server (L7). */
  readonly open: boolean;
  /** Undefined when these credentials are not good here (100030). */
  authenticate(credentials: Credentials): Promise<Grant | undefined>;
}
