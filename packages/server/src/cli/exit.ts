/** Exit codes, after sysexits.h. */
export const exitCodes = {
  ok: 0,
  /** A wrong flag. */
  usage: 64,
  /** The store failed; what was acknowledged is on disk. */
  storage: 74,
  /** A wrong configuration. */
  config: 78,
} as const;
