import type { Command } from "commander";
import { attempt } from "./failure.ts";
import { howMany, lookOf, plain, say, sayJson } from "./output.ts";
import { type Session, withSession } from "./session.ts";
import { type Target, withTarget } from "./target.ts";

interface Flags extends Target {
  readonly dryRun?: true;
  readonly json?: true;
}

export function define(command: Command): void {
  withTarget(command)
    .description("Erase what a user wrote, in all rooms and for good (needs the right msglog_erase).")
    .argument("<user>")
    .option("--dry-run", "only say what would go")
    .option("--json", "the receipt as JSON")
    .action((user: string, flags: Flags) =>
      attempt(() => withSession(flags, (session) => erase(session, user, flags))),
    );
}

async function erase(session: Session, user_id: string, flags: Flags): Promise<void> {
  const dry_run = flags.dryRun ?? false;
  const receipt = await session.call("media/room/msglog_erase_user", { user_id, dry_run });
  if (lookOf(flags) === "json") return sayJson(receipt);
  const { messages, rooms, bytes, held } = receipt;
  const did = dry_run ? "would be erased" : messages === 1 ? "was erased" : "were erased";
  const what = `${howMany(messages, "entry", "entries")} of ${plain(user_id)} in ${howMany(rooms, "room")}`;
  say(`${what} (${howMany(bytes, "byte")}) ${did}.`);
  if (held.length > 0)
    say(`On hold, so ${dry_run ? "not to be" : "not"} erased: ${held.map(plain).join(", ")}`);
  if (receipt.receipt !== undefined) say(`Receipt ${receipt.receipt}`);
}
