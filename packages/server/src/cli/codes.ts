import type { ErrorCode } from "@roomlog/protocol";

/** Codes that a command does something about; `refusals.ts` says how it ends for the others. */
export const codes = {
  not_allowed: 100030,
  no_room: 304001,
  room_exists: 304002,
  outcome_unknown: 304105,
  no_epoch: 304106,
} as const satisfies Readonly<Record<string, ErrorCode>>;
