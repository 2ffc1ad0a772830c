import { matcherOf, noTime, timeFields } from "@roomlog/protocol";

/** The one right that can have a filter. */
const FILTERED = "msglog_get";

/** Why the filter of a granted right is not good; undefined when it is, or when there is none. */
export function faultOfWhere({ right, where }: { readonly right: string; readonly where?: unknown }) {
  if (where === undefined) return undefined;
  if (right !== FILTERED) return `only ${FILTERED} can have a filter`;
  try {
    // It may hold in services that differ in what they call the time.
    for (const name of timeFields) matcherOf(where, noTime(name));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
