import type { Filter } from "@roomlog/protocol";
import type { Command } from "commander";
import { pagesOf } from "../transcript/reader.ts";
import { exitCodes } from "./exit.ts";
import { attempt, Failure } from "./failure.ts";
import { Follower } from "./follower.ts";
import { startOf } from "./get.ts";
import { type Print, printer } from "./message-line.ts";
import { wholeNumber } from "./numbers.ts";
import { lookOf } from "./output.ts";
import { type Source, withSourceOf } from "./source.ts";
import { type Place, withSource } from "./target.ts";
import { filterIn } from "./where.ts";

interface Flags extends Place {
  readonly follow?: true;
  readonly lines: number;
  readonly after?: number;
  readonly where?: Filter;
  readonly json?: true;
}

export function define(command: Command): void {
  withSource(command)
    .description("The newest messages of rooms; with -f also those to come, over reconnects and restarts.")
    .argument("<room...>")
    .option("-f, --follow", "go on until Ctrl-C (exit code 130), or until the rooms have ended")
    .option("-n, --lines <number>", "how many", wholeNumber(0), 10)
    .option("--after <id>", "instead: all behind this message", wholeNumber(0))
    .option("--where <filter>", 'only messages like this, as {"/lang":"de"} (docs/filters.md)', filterIn)
    .option("--json", "each message as its exact JSON, one a line")
    .action((rooms: string[], flags: Flags) => attempt(() => tail([...new Set(rooms)], flags)));
}

async function tail(rooms: readonly string[], flags: Flags): Promise<void> {
  const print = printer(rooms.length > 1, lookOf(flags));
  if (!flags.follow) return withSourceOf(flags, (source) => newest(source, rooms, flags, print));
  if (flags.data !== undefined)
    throw new Failure("usage", "-f follows a server: leave out --data, or leave out -f");
  process.on("SIGINT", () => process.exit(exitCodes.interrupted));
  await new Follower(print).follow(flags, rooms, flags);
}

async function newest(source: Source, rooms: readonly string[], flags: Flags, print: Print): Promise<void> {
  for (const room_id of rooms) {
    const { epoch, last_id } = await source.log(room_id);
    const from = flags.after ?? (await startOf(source, { room_id, epoch, last_id }, flags));
    const { where } = flags;
    const query = { room_id, epoch, after: from, before: last_id + 1, ...(where && { where }) };
    for await (const page of pagesOf(source, query)) print(room_id, page);
  }
}
