import type { CommandData } from "@roomlog/protocol";
import { type Command, Option } from "commander";
import { nearest } from "../config/nearest.ts";
import { attempt, Failure } from "./failure.ts";
import { wholeNumber } from "./numbers.ts";
import {
  humaneBytes,
  humaneCount,
  humaneSpan,
  humaneTime,
  isoTime,
  lookOf,
  paint,
  plain,
  remark,
  say,
  sayJson,
} from "./output.ts";
import { withSession } from "./session.ts";
import { type ListedRoom, type LogInfo, type Source, withSourceOf } from "./source.ts";
import { type Column, printTable } from "./table.ts";
import { type Place, type Target, withSource, withTarget } from "./target.ts";
import { spanOf } from "./when.ts";

/** Rooms that are asked about at once, and listed at once. */
const AT_ONCE = 32;
const PAGE = 1000;

interface Look {
  readonly json?: true;
}

interface ListFlags extends Place, Look {
  readonly limit: number;
}

interface CreateFlags extends Target, Look {
  readonly class: CommandData<"media/room/create">["class"];
  readonly maxAge?: number;
  readonly maxMessages?: number;
}

export function define(rooms: Command): void {
  withSource(rooms.command("list", { isDefault: true }))
    .description("List rooms with their logs.")
    .argument("[prefix]", "only rooms whose ids begin so", "")
    .option("--limit <number>", "at most so many", wholeNumber(1), PAGE)
    .option("--json", "a JSON object a line")
    .action((prefix: string, flags: ListFlags) =>
      attempt(() => withSourceOf(flags, (source) => list(source, prefix, flags))),
    );
  withTarget(rooms.command("create"))
    .description("Make a room; without an id the server gives it one.")
    .argument("[room]")
    .addOption(
      new Option("--class <class>", "what it is for").choices(["chat", "sfu", "mcu"]).default("chat"),
    )
    .option("--max-age <span>", "keep messages no longer: 90s, 10m, 2h, 7d", spanOf)
    .option("--max-messages <number>", "keep no more messages", wholeNumber(1))
    .option("--json", "as JSON")
    .action((room_id: string | undefined, flags: CreateFlags) => attempt(() => create(room_id, flags)));
  withTarget(rooms.command("info"))
    .description("Everything about a room: its log, its members, its status.")
    .argument("<room>")
    .option("--json", "as JSON")
    .action((room_id: string, flags: Target & Look) => attempt(() => info(room_id, flags)));
  withTarget(rooms.command("destroy"))
    .description("End rooms. What becomes of their logs is the service's msglog.on_destroy.")
    .argument("<room...>")
    .action((ids: string[], flags: Target) => attempt(() => destroy(ids, flags)));
}

type Row = ListedRoom & Partial<LogInfo>;

const columns: readonly Column<Row>[] = [
  { head: "room", of: ({ room_id }) => room_id },
  { head: "class", of: (room) => room.class },
  {
    head: "messages",
    of: ({ count }) => count,
    pretty: ({ count }) => (count === undefined ? "?" : humaneCount(count)),
    align: "right",
  },
  {
    head: "bytes",
    of: ({ bytes }) => bytes,
    pretty: ({ bytes }) => (bytes === undefined ? "?" : humaneBytes(bytes)),
    align: "right",
  },
  { head: "last message", of: ({ last_time }) => last_time && isoTime(last_time), pretty: lastMessage },
];

function lastMessage({ last_time }: Row): string {
  if (last_time === undefined) return "";
  const ago = humaneSpan((Date.now() - last_time / 1000) / 1000);
  return `${humaneTime(last_time)} ${paint("dim", `(${ago} ago)`)}`;
}

async function list(source: Source, prefix: string, flags: ListFlags): Promise<void> {
  const found = await listed(source, prefix, flags.limit + 1);
  const rows: Row[] = [];
  for (let i = 0; i < Math.min(found.length, flags.limit); i += AT_ONCE) {
    const some = found.slice(i, Math.min(i + AT_ONCE, flags.limit));
    rows.push(...(await Promise.all(some.map((room) => withLog(source, room)))));
  }
  if (rows.length === 0 && prefix !== "") throw noneBegins(prefix);
  await printTable(lookOf(flags), columns, rows);
  if (rows.length === 0) remark("There are no rooms. roomlog rooms create ROOM makes one.");
  if (found.length > flags.limit)
    process.stderr.write(`roomlog: there are more rooms; give a prefix, or --limit over ${flags.limit}\n`);
}

const COMMANDS = ["list", "create", "info", "destroy"];

/** A command that is misspelt is a prefix too, and an empty list would say that it was done. */
function noneBegins(prefix: string): Failure {
  const meant = nearest(prefix, COMMANDS);
  if (meant !== undefined && meant !== prefix)
    return new Failure("usage", `no room begins with ${prefix}; did you mean roomlog rooms ${meant}?`);
  return new Failure("missing", `no room begins with ${prefix}`);
}

async function listed(source: Source, prefix: string, most: number): Promise<ListedRoom[]> {
  const found: ListedRoom[] = [];
  while (found.length < most) {
    const after = found.at(-1)?.room_id ?? "";
    const page = await source.rooms({ prefix, after, limit: Math.min(PAGE, most - found.length) });
    if (page.length === 0) break;
    found.push(...page);
  }
  return found;
}

/** Without what may not be known of its log; a room may also have ended since it was listed. */
async function withLog(source: Source, { room_id, class: cls }: ListedRoom): Promise<Row> {
  const row = { room_id, class: cls };
  try {
    return { ...row, ...(await source.log(room_id)) };
  } catch (error) {
    if (error instanceof Failure && (error.ending === "refused" || error.ending === "missing")) return row;
    throw error;
  }
}

async function create(room_id: string | undefined, flags: CreateFlags): Promise<void> {
  const { class: cls, maxAge: max_age, maxMessages: max_messages } = flags;
  const bounds = Object.entries({ max_age, max_messages }).filter(([, bound]) => bound !== undefined);
  const room = {
    class: cls,
    ...(room_id !== undefined && { room_id }),
    ...(bounds.length > 0 && { retention: Object.fromEntries(bounds) }),
  };
  const made = await withSession(flags, (session) => session.call("media/room/create", room));
  if (flags.json) sayJson(made);
  else say(plain(made.room_id));
}

async function info(room_id: string, flags: Target & Look): Promise<void> {
  const about = await withSession(flags, async (session) => ({
    room_id,
    ...(await session.call("media/room/get_info", { room_id })),
    log: await session.call("media/room/msglog_info", { room_id }),
  }));
  if (flags.json) return sayJson(about);
  const { stringify } = await import("yaml");
  say(plainLines(stringify(about)).trimEnd());
}

function plainLines(text: string): string {
  return text.split("\n").map(plain).join("\n");
}

async function destroy(ids: readonly string[], flags: Target): Promise<void> {
  await withSession(flags, async (session) => {
    for (const room_id of ids) {
      await session.call("media/room/destroy", { room_id }).catch((error: unknown) => {
        throw ids.length > 1 && error instanceof Failure ? about(room_id, error) : error;
      });
      remark(`${plain(room_id)} has ended.`);
    }
  });
}

function about(room_id: string, { ending, message, cause, fuller }: Failure): Failure {
  const options = { cause, fuller: async () => `${room_id}: ${await fuller()}` };
  return new Failure(ending, `${room_id}: ${message}`, options);
}
