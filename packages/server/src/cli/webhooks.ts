import type { CommandResult } from "@roomlog/protocol";
import type { Command } from "commander";
import { attempt, Failure } from "./failure.ts";
import { wholeNumber } from "./numbers.ts";
import { humaneSpan, humaneTime, isoTime, lookOf, plain, remark, say } from "./output.ts";
import { type Session, withSession } from "./session.ts";
import { type Column, printTable } from "./table.ts";
import { type Target, withTarget } from "./target.ts";

type Webhook = CommandResult<"core/webhook/list">[number];
type DeadLetter = CommandResult<"core/webhook/dead_letters">[number];

interface Flags extends Target {
  readonly dead?: true;
  readonly retry?: number;
  readonly limit: number;
  readonly json?: true;
}

/** The most that a server gives at once (W7). */
const PAGE = 1000;

export function define(command: Command): void {
  withTarget(command)
    .description("How the webhooks fare, and what could not be told (needs the right webhooks).")
    .argument("[webhook]", "only this one")
    .option("--dead", "the dead letters instead, the newest first")
    .option("--limit <number>", "at most so many dead letters", wholeNumber(1), PAGE)
    .option("--retry <letter>", "send this dead letter again", wholeNumber(0))
    .option("--json", "a JSON object a line")
    .action((name: string | undefined, flags: Flags) =>
      attempt(() => withSession(flags, (session) => run(session, name, flags))),
    );
}

function run(session: Session, name: string | undefined, flags: Flags): Promise<void> {
  if (flags.retry !== undefined) return retry(session, flags.retry);
  return flags.dead ? listLetters(session, name, flags) : list(session, name, flags);
}

const webhooks: readonly Column<Webhook>[] = [
  { head: "webhook", of: ({ webhook }) => webhook },
  { head: "state", of: ({ state }) => state },
  { head: "behind", of: ({ rooms_behind }) => rooms_behind, align: "right" },
  {
    head: "for",
    of: ({ lag_seconds }) => lag_seconds,
    pretty: ({ lag_seconds }) => humaneSpan(lag_seconds),
    align: "right",
  },
  { head: "dead", of: ({ dead_letters }) => dead_letters, align: "right" },
  { head: "last error", of: ({ last_error }) => last_error },
  {
    head: "at",
    of: ({ last_error_at }) => last_error_at && isoTime(last_error_at),
    pretty: ({ last_error_at }) => (last_error_at === undefined ? "" : humaneTime(last_error_at)),
  },
];

async function list(session: Session, name: string | undefined, flags: Flags): Promise<void> {
  const all = await session.call("core/webhook/list", {});
  const rows = all.filter(({ webhook }) => name === undefined || webhook === name);
  if (name !== undefined && rows.length === 0) throw new Failure("missing", `there is no webhook ${name}`);
  await printTable(lookOf(flags), webhooks, rows);
  if (rows.length === 0) remark("There are no webhooks: docs/webhooks.md.");
}

const letters: readonly Column<DeadLetter>[] = [
  { head: "letter", of: ({ letter }) => letter, align: "right" },
  { head: "webhook", of: ({ webhook }) => webhook },
  { head: "room", of: ({ room_id }) => room_id },
  { head: "messages", of: ({ from_id, to_id }) => (from_id > to_id ? "its end" : `${from_id}-${to_id}`) },
  { head: "at", of: ({ at }) => isoTime(at), pretty: ({ at }) => humaneTime(at) },
  { head: "error", of: ({ error }) => error },
];

async function listLetters(session: Session, webhook: string | undefined, flags: Flags): Promise<void> {
  const rows: DeadLetter[] = [];
  while (rows.length < flags.limit) {
    const before = rows.at(-1)?.letter;
    const limit = Math.min(PAGE, flags.limit - rows.length);
    const query = {
      limit,
      ...(webhook !== undefined && { webhook }),
      ...(before !== undefined && { before }),
    };
    const page = await session.call("core/webhook/dead_letters", query);
    if (page.length === 0) break;
    rows.push(...page);
  }
  await printTable(lookOf(flags), letters, rows);
  if (rows.length === 0) remark("There are no dead letters.");
}

async function retry(session: Session, letter: number): Promise<void> {
  const { delivered, error } = await session.call("core/webhook/retry", { letter });
  if (!delivered)
    throw new Failure("unavailable", `letter ${letter} was not delivered: ${plain(error ?? "")}`);
  say(`letter ${letter} was delivered`);
}
