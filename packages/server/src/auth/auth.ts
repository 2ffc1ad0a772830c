/** What a client gives at login (L2). */
export interface Credentials {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
}

/** Decides who logs in. */
export interface Authenticator {
  /** Whether it lets in everybody who reaches the server (L7). */
  readonly open: boolean;
  /** The user's id, or undefined when the login is refused (100030). */
  authenticate(credentials: Credentials): Promise<string | undefined>;
}
