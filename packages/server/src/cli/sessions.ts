import type { Command } from "commander";
import { attempt } from "./failure.ts";
import { lookOf, plain, remark } from "./output.ts";
import { type Session, withSession } from "./session.ts";
import { type Column, printTable } from "./table.ts";
import { type Target, withTarget } from "./target.ts";

interface Flags extends Target {
  readonly stop?: string[];
  readonly json?: true;
}

interface Row {
  readonly user_id: string;
  readonly session_id: string;
  readonly type?: string;
  readonly remote?: string;
}

const columns: readonly Column<Row>[] = [
  { head: "user", of: ({ user_id }) => user_id },
  { head: "session", of: ({ session_id }) => session_id },
  { head: "from", of: ({ remote }) => remote },
];

/** Users that are asked about at once. */
const AT_ONCE = 32;

export function define(command: Command): void {
  withTarget(command)
    .description("Who is there (needs the right users).")
    .argument("[user]", "only the sessions of this user")
    .option("--stop <session...>", "end these sessions instead (needs the right session_stop)")
    .option("--json", "a JSON object a line")
    .action((user: string | undefined, flags: Flags) =>
      attempt(() =>
        withSession(flags, (session) =>
          flags.stop ? stop(session, flags.stop) : list(session, user, flags),
        ),
      ),
    );
}

async function stop(session: Session, ids: readonly string[]): Promise<void> {
  for (const session_id of ids) {
    const { user } = await session.call("core/session/stop", { session_id });
    remark(`The session ${plain(session_id)} of ${plain(user)} was stopped.`);
  }
}

async function list(session: Session, user: string | undefined, flags: Flags): Promise<void> {
  const users = user === undefined ? Object.keys(await session.call("core/user/list", {})) : [user];
  const rows: Row[] = [];
  for (let i = 0; i < users.length; i += AT_ONCE) {
    const found = await Promise.all(users.slice(i, i + AT_ONCE).map((one) => sessionsOf(session, one)));
    rows.push(...found.flat());
  }
  await printTable(lookOf(flags), columns, rows);
}

async function sessionsOf(session: Session, user: string): Promise<Row[]> {
  const sessions = await session.call("core/user/get", { user });
  return Object.entries(sessions).map(([session_id, about]) => ({ user_id: user, session_id, ...about }));
}
