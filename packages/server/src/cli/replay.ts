import type { Filter } from "@roomlog/protocol";
import { type Command, Option } from "commander";
import { exitCodes } from "./exit.ts";
import { attempt, Failure } from "./failure.ts";
import { printer } from "./message-line.ts";
import { numberFrom } from "./numbers.ts";
import { lookOf } from "./output.ts";
import { Replayer } from "./replayer.ts";
import { type Target, withTarget } from "./target.ts";
import { momentOf } from "./when.ts";
import { filterIn } from "./where.ts";

interface Flags extends Target {
  /** As for commands that only read; here it is refused. */
  readonly data?: string;
  readonly rate?: number;
  readonly from?: number;
  readonly until?: number;
  readonly epoch?: string;
  readonly as?: "then" | "final";
  readonly where?: Filter;
  readonly json?: true;
}

export function define(command: Command): void {
  withTarget(command)
    .description("The log of a room once more, each message at its own time (M26); Ctrl-C stops it.")
    .argument("<room>")
    .option("--rate <times>", "so many times as fast, 0.25 to 16 (default: 1)", numberFrom(0.25, 16))
    .option(
      "--from <time>",
      'only from then on: ISO 8601, µs since 1970, or "10m ago" (default: the first message)',
      momentOf,
    )
    .option("--until <time>", "only before then (default: behind the last message)", momentOf)
    .option("--epoch <epoch>", 'another life of the room, "last" for the newest that has ended')
    .addOption(
      new Option(
        "--as <as>",
        "final: each message as it is now; then: as it was sent, with edits and deletions at their time (default: final)",
      ).choices(["final", "then"]),
    )
    .option("--where <filter>", 'only messages like this, as {"/lang":"de"} (docs/filters.md)', filterIn)
    .option("--json", "each message as its exact JSON, one a line")
    .addOption(new Option("--data <directory>").hideHelp())
    .action((room: string, flags: Flags) => attempt(() => replay(room, flags)));
}

async function replay(room_id: string, flags: Flags): Promise<void> {
  if (flags.data !== undefined) throw new Failure("usage", "a replay needs a server: leave out --data");
  const { rate, from: from_time, until, epoch, as, where } = flags;
  const given = Object.entries({ rate, from_time, until, epoch, as, where }).filter(
    ([, value]) => value !== undefined,
  );
  const replayer = new Replayer({ room_id, ...Object.fromEntries(given) }, printer(false, lookOf(flags)));
  const leave = () => process.exit(exitCodes.interrupted);
  process.once("SIGINT", () => {
    // Who does not want to wait for the server presses it once more.
    process.once("SIGINT", leave);
    void replayer.stop().then(leave);
  });
  await replayer.play(flags);
}
