import type { RoomAccess } from "./commands.ts";

/** `access` with what is changed, without what holds anyway; undefined when nothing is left (R10). */
export function changedAccess(access: RoomAccess | undefined, change: RoomAccess): RoomAccess | undefined {
  const { join, history, read_only, slow_mode, marks } = { ...access, ...change };
  const left = {
    ...(join && join !== "anyone" && { join }),
    ...(history === "joined" && { history }),
    ...(read_only && { read_only }),
    ...(slow_mode && { slow_mode }),
    ...(marks === "own" && { marks }),
  };
  return Object.keys(left).length > 0 ? left : undefined;
}
