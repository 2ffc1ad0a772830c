import { type Filter, FilterError, matcherOf } from "@roomlog/protocol";
import { RequestError } from "../../core/plugin.ts";

/** The text of a filter (M17). Throws 100044, which names the place of the fault. */
export function whereIn(filter: Filter | undefined): string | undefined {
  if (filter === undefined) return undefined;
  try {
    matcherOf(filter);
    return JSON.stringify(filter);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new RequestError(100044, { detail: error.message, field: "where" });
  }
}
