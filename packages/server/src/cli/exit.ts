/** Exit codes, after sysexits.h; docs/cli.md lists them. */
export const exitCodes = {
  ok: 0,
  /** A wrong flag or argument, or a command that cannot be done as it was given. */
  usage: 64,
  /** What was given cannot be taken: no JSON, a message that is too large, a room that exists already; `verify` found faults. */
  data: 65,
  /** The room, user or session is not there. */
  missing: 66,
  /** Nothing answers, or the connection was lost for good. */
  unavailable: 69,
  /** An error of Roomlog itself. */
  internal: 70,
  /** The store failed; what was acknowledged is on disk. */
  storage: 74,
  /** Too many requests, or the server is stopping: the same again later. */
  later: 75,
  /** The login was refused, or a right is missing; `verify` was shown only a part. */
  refused: 77,
  /** A wrong configuration. */
  config: 78,
  /** How a shell says that Ctrl-C ended a program. */
  interrupted: 130,
} as const;

export type Ending = keyof typeof exitCodes;
