import type { FaultOfPath } from "./filter.ts";

/** The names that a service may have for the time of a message (M2). */
export const timeFields = ["timestmap", "timestamp"] as const;

/** Refuses that a filter asks about the time (M17): of a message, by the name it has in the service, and of what changed it. */
export function noTime(time_field: string): FaultOfPath {
  return (path) => {
    const [first, last] = [path[0], path.at(-1) as string];
    const isTime = first === "$log" ? timeFields.some((name) => name === last) : first === time_field;
    return isTime ? "is the time: from_time and to_time select by it" : undefined;
  };
}
