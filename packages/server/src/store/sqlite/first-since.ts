import type { Range } from "./authors.ts";

/** The lowest id of the range with a time from `time` on, or the one behind it: times never fall as ids rise. */
export function firstSince(time: number, { low, high }: Range, timeOf: (msg_id: number) => number): number {
  let [from, to] = [low, high];
  while (from <= to) {
    const middle = from + Math.floor((to - from) / 2);
    if (timeOf(middle) < time) from = middle + 1;
    else to = middle - 1;
  }
  return from;
}
