import type { Ending } from "../exit.ts";

/** What the doctor has looked at. */
export interface Finding {
  readonly what: string;
  readonly state: "ok" | "warn" | "fail";
  readonly found: string;
  /** What to do about it. */
  readonly advice?: string;
  /** The exit code when it fails. */
  readonly ending: Ending;
}

/** Findings of one kind, which share their exit code. */
export function findings(ending: Ending) {
  return {
    ok: (what: string, found: string): Finding => ({ what, state: "ok", found, ending }),
    warn: (what: string, found: string, advice: string): Finding => ({
      what,
      state: "warn",
      found,
      advice,
      ending,
    }),
    fail: (what: string, found: string, advice: string): Finding => ({
      what,
      state: "fail",
      found,
      advice,
      ending,
    }),
  };
}
