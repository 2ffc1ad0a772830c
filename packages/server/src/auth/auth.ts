/** What a client gives at login (L2). */
export interface Credentials {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
}

/** Who logs in, and what he may do: names of rights, or `"*"` for all that need not be named. */
export interface Grant {
  readonly user_id: string;
  readonly rights: readonly string[];
  /** Instead of the one the client asked for. */
  readonly session_id?: string;
}

/** Decides who logs in. */
export interface Authenticator {
  /** Whether it lets in everybody who reaches the server (L7). */
  readonly open: boolean;
  /** Undefined when the login is refused (100030). */
  authenticate(credentials: Credentials): Promise<Grant | undefined>;
}
