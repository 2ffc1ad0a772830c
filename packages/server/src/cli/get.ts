import type { Filter } from "@roomlog/protocol";
import { type Command, Option } from "commander";
import { pagesOf } from "../transcript/reader.ts";
import { attempt } from "./failure.ts";
import { idOf, messageLine } from "./message-line.ts";
import { wholeNumber } from "./numbers.ts";
import { lookOf, say } from "./output.ts";
import { progress } from "./progress.ts";
import { type PageQuery, type Source, withSourceOf } from "./source.ts";
import { type Place, withSource } from "./target.ts";
import { momentOf } from "./when.ts";
import { filterIn } from "./where.ts";

/** Messages around a place when nothing is said. */
const AROUND = 50;

interface Flags extends Place {
  readonly after?: number;
  readonly before?: number;
  readonly from?: number;
  readonly to?: number;
  readonly by?: string;
  readonly session?: string;
  readonly where?: Filter;
  readonly search?: string;
  readonly around?: number;
  readonly order?: "asc" | "desc" | "rank";
  readonly limit?: number;
  readonly epoch?: string;
  readonly json?: true;
}

export function define(command: Command): void {
  withSource(command)
    .description("Read the log of a room, all of it or what the flags select.")
    .argument("<room>")
    .option("--after <id>", "only messages behind this one", wholeNumber(0))
    .option("--before <id>", "only messages before this one", wholeNumber(0))
    .option("--from <time>", 'only from then on: ISO 8601, µs since 1970, or "10m ago"', momentOf)
    .option("--to <time>", "only before then", momentOf)
    .option("--by <user>", "only messages of this user")
    .option("--session <id>", "only messages of this session")
    .option("--where <filter>", 'only messages like this, as {"/lang":"de"} (docs/filters.md)', filterIn)
    .option("--search <words>", 'only messages with these words: rock*, "exact words"')
    .option("--around <id>", "what stands around this message, on one page", wholeNumber(1))
    .addOption(
      new Option(
        "--order <order>",
        "desc: the newest first, as a search has it; rank: the best of a search first; else asc",
      ).choices(["asc", "desc", "rank"]),
    )
    .option("--limit <number>", "at most so many", wholeNumber(1))
    .option("--epoch <epoch>", 'another life of the room, "last" for the newest that has ended')
    .option("--json", "each message as its exact JSON, one a line")
    .action((room: string, flags: Flags) =>
      attempt(() => withSourceOf(flags, (source) => get(source, room, flags))),
    );
}

async function get(source: Source, room_id: string, flags: Flags): Promise<void> {
  const { epoch, count } = await source.log(room_id, flags.epoch);
  const look = lookOf(flags);
  const done = progress("messages");
  let got = 0;
  const most = flags.limit ?? (flags.around === undefined ? undefined : AROUND);
  for await (const page of pagesOf(source, queryOf(room_id, epoch, flags), most)) {
    got += page.length;
    if (!process.stdout.isTTY) done.at(got, isWhole(flags) ? count : undefined);
    say(page.map((text) => messageLine(text, look)).join("\n"));
  }
  done.end();
}

function queryOf(room_id: string, epoch: string, flags: Flags): Omit<PageQuery, "limit"> {
  const { after, before, from: from_time, to: to_time, by: user_id, session: session_id } = flags;
  const { search, around, where, order = search === undefined ? "asc" : "desc" } = flags;
  const range = { after, before, from_time, to_time, user_id, session_id, search, around, where };
  const given = Object.entries(range).filter(([, value]) => value !== undefined);
  return { room_id, epoch, order, ...Object.fromEntries(given) };
}

function isWhole({ after, before, from, to, by, session, search, around, where, limit }: Flags): boolean {
  return [after, before, from, to, by, session, search, around, where, limit].every(
    (flag) => flag === undefined,
  );
}

/** The id behind which the newest `lines` messages of a log stand. */
export async function startOf(
  source: Pick<Source, "page">,
  { last_id, ...log }: { readonly room_id: string; readonly epoch: string; readonly last_id: number },
  { lines, where }: { readonly lines: number; readonly where?: Filter },
): Promise<number> {
  if (!where) return Math.max(0, last_id - lines);
  let start = last_id;
  const query = { ...log, where, order: "desc", before: last_id + 1 } as const;
  for await (const page of pagesOf(source, query, lines)) start = idOf(page.at(-1) ?? "") - 1;
  return start;
}
