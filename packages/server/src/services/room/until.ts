import type { Service } from "../../core/plugin.ts";

/** When so many seconds from now are over, µs since 1970; without them it is for good. */
export function untilOf({ clock }: Service, seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : clock.wall() + seconds * 1e6;
}
