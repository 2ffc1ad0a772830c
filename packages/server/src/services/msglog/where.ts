import { type Filter, FilterError, matcherOf, noTime } from "@roomlog/protocol";
import { RequestError } from "../../core/plugin.ts";
import type { MsglogSettings } from "./settings.ts";

/** The text of a filter (M17). Throws 100044, which names the place of the fault. */
export function whereIn(
  filter: Filter | undefined,
  { time_field }: Pick<MsglogSettings, "time_field">,
): string | undefined {
  if (filter === undefined) return undefined;
  try {
    matcherOf(filter, noTime(time_field));
    return JSON.stringify(filter);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new RequestError(100044, { detail: error.message, field: "where" });
  }
}
