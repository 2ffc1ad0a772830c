import { type Filter, matcherOf } from "@roomlog/protocol";
import { InvalidArgumentError } from "commander";

/** A parser of flags: a filter (M17), as JSON. */
export function filterIn(text: string): Filter {
  try {
    const filter = JSON.parse(text) as Filter;
    matcherOf(filter);
    return filter;
  } catch (error) {
    throw new InvalidArgumentError(`It is a filter in JSON (docs/filters.md): ${(error as Error).message}.`);
  }
}
