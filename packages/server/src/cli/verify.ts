import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { loadConfig } from "../config/load.ts";
import { DATABASE } from "../store/sqlite/file.ts";
import { type Fault, type Verified, verify } from "../store/sqlite/verify/verify.ts";
import { withDataDirectory } from "./data-directory.ts";
import { exitCodes } from "./exit.ts";
import { attempt, Failure } from "./failure.ts";
import { humaneCount, lookOf, plain, say, sayJson } from "./output.ts";
import { progress } from "./progress.ts";

interface Flags {
  readonly config?: string;
  readonly data?: string;
  readonly service: string;
  readonly room?: string;
  readonly json?: true;
}

/** Faults that are shown; more are counted. One that goes through the whole file makes many. */
const MOST_SHOWN = 1000;

export function define(command: Command): void {
  withDataDirectory(command)
    .option("--room <room>", "only the logs of this room, in all its lives")
    .option("--service <name>", "whose room", "main")
    .option("--json", "a JSON object for each fault, one a line, and at the end one about all")
    .description(
      "Recompute all that a data directory holds, and say exactly where it is not as the server wrote it: digests, ids, times, counters, indexes, every table, the file. Also while a server runs on it; nothing is changed.",
    )
    .action((flags: Flags) => attempt(() => run(flags), flags.config));
}

function run({ config, json, service, room, ...given }: Flags): void {
  const { data: directory } = loadConfig(config, given);
  if (!existsSync(join(directory, DATABASE)))
    throw new Failure("missing", `there is no data in ${directory}; say with --data or --config where it is`);
  const line = progress("entries");
  let shown = 0;
  const verified = verify({
    directory,
    room: room === undefined ? undefined : { service, room_id: room },
    told: line.at,
    found(fault) {
      line.end();
      shown += 1;
      if (shown <= MOST_SHOWN) tell(fault, json);
    },
  });
  line.end();
  if (room !== undefined && verified.lives === 0 && verified.faults === 0)
    throw new Failure(
      "missing",
      `there is no log of a room ${room} in ${directory}, service ${service} (--service)`,
    );
  conclude(directory, verified, json);
  if (verified.faults > 0) process.exitCode = exitCodes.data;
}

function tell(fault: Fault, json: true | undefined): void {
  if (json) return sayJson(fault);
  const { service, room_id, epoch, msg_id, table, what, expected, found } = fault;
  const places = [
    room_id !== undefined && `${service} / ${room_id} / ${epoch}`,
    table !== undefined && `table ${table}`,
    msg_id !== undefined && `#${msg_id}`,
  ];
  const difference = expected === undefined ? "" : `: expected ${expected}`;
  const instead = found === undefined ? "" : `${difference ? "," : ":"} found ${found}`;
  say(plain([...places.filter(Boolean), `${what}${difference}${instead}`].join("  ")));
}

function conclude(directory: string, { lives, entries, faults }: Verified, json: true | undefined): void {
  if (lookOf({ ...(json && { json }) }) === "json") return sayJson({ lives, entries, faults });
  const looked = `${humaneCount(entries)} entries of ${humaneCount(lives)} logs in ${directory}`;
  if (faults === 0) return say(`${looked}: all is as it was written.`);
  say(
    `${looked}: ${humaneCount(faults)} faults${faults > MOST_SHOWN ? `, of which the first ${MOST_SHOWN} are shown` : ""}.`,
  );
}
