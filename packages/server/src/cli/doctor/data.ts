import type { Inspection } from "../../store/sqlite/inspect.ts";
import { howMany } from "../output.ts";
import { type Finding, findings } from "./finding.ts";

const { ok, warn, fail } = findings("storage");

/** What is in the data directory; undefined: nothing yet. */
export function database(found: Inspection | undefined): Finding {
  if (!found) return ok("database", "none yet; the first start makes it");
  const { schema, known, fault, rooms, isTaken } = found;
  if (schema > known)
    return fail(
      "database",
      `schema ${schema}, but this version knows ${known}`,
      "it was written by a newer Roomlog: upgrade this one",
    );
  if (fault !== undefined)
    return fail("database", `damaged: ${fault}`, "stop the server, keep the files, restore the last backup");
  const what = `${howMany(rooms, "room")}, schema ${schema}${isTaken ? ", a server runs on it" : ""}`;
  if (schema < known)
    return warn(
      "database",
      what,
      `the next start brings it to schema ${known}, for good: back it up first (roomlog backup)`,
    );
  return ok("database", what);
}
