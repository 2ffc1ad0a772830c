import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { roleRights, roomRoles } from "@roomlog/protocol";
import { commands } from "@roomlog/protocol/commands";
import { knownRights, rightsBeside, rightsByName } from "@roomlog/protocol/rights";
import { Rights } from "../packages/server/src/core/rights.ts";

/** What an operator needs beside `"*"`; who has `callback` is not asked about (C9). */
const OPERATORS = rightsByName.filter((right) => right !== "callback");

const INTRODUCTION = `# Rights

Written by \`npm run docs\` from the command table. Who lacks the right that a command needs gets 100030.

A right is granted everywhere (\`msglog_send\`) or in some rooms (\`{right: msglog_send, rooms: "team-*"}\`), to a user, a
role of the configuration, a service or a token ([authentication.md](authentication.md)). \`"*"\` stands for the rights
below that are marked so; the others are given by name. In a room a user's role in it decides instead
([PROTOCOL.md](PROTOCOL.md) L8, L10, R8–R11).

An operator who may do everything has all of them: \`["*", ${OPERATORS.join(", ")}]\`,
and \`callback\` for a program that decides (C9).

A room, by its owner (\`media\` / \`room\` / …):

| | |
|---|---|
| \`create {class: "chat", room_id: "team", access: {join: "invited"}}\` | who creates a room owns it |
| \`grant {room_id: "team", user_id: "bob", role: "moderator"}\` | \`member\` and \`viewer\` too; \`none\` takes it away |
| \`mute {room_id: "team", user_id: "cid", seconds: 600}\` | \`seconds: 0\` ends it |
| \`ban {room_id: "team", user_id: "eve", reason: "spam"}\` | the room is not there for her any more; \`grant\` ends it |
| \`set_access {room_id: "team", slow_mode: 10}\` | what is left out stays; \`join: "anyone"\` opens it again |

An owner who takes his own role away is none any more; others are made with \`grant\` before.
`;

/** The page as Markdown. */
export function rightsPage(): string {
  const byRight = Map.groupBy(Object.entries(commands), ([, entry]) => ("right" in entry ? entry.right : ""));
  const all = new Rights(["*"]);
  const rows = [...knownRights].sort().map((right) => {
    const served = (byRight.get(right as never) ?? []).map(([name]) => `\`${name}\``);
    const what = [...served, ...((rightsBeside[right] ?? "") ? [rightsBeside[right]] : [])].join(", ");
    return `| \`${right}\` | ${all.may(right) ? "yes" : ""} | ${rolesWith(right)} | ${what} |`;
  });
  const free = (byRight.get("") ?? []).map(([name]) => `\`${name}\``).join(", ");
  return `${INTRODUCTION}\n| right | in \`"*"\` | roles in a room | what it is for |\n|---|---|---|---|\n${rows.join("\n")}\n\nWithout a right: ${free}; and what concerns only who asks (L8).\n`;
}

function rolesWith(right: string): string {
  return roomRoles.filter((role) => roleRights[role].includes(right)).join(", ");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL("../docs/rights.md", import.meta.url), rightsPage());
}
