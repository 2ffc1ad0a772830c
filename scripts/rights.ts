import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { roleRights, roomRoles } from "@roomlog/protocol";
import { commands } from "@roomlog/protocol/commands";
import { Rights } from "../packages/server/src/core/rights.ts";

const INTRODUCTION = `# Rights

Written by \`npm run docs\` from the command table. Who lacks the right that a command needs gets 100030.

A right is granted everywhere (\`msglog_send\`) or in some rooms (\`{right: msglog_send, rooms: "team-*"}\`), to a user, a
role of the configuration, a service or a token ([authentication.md](authentication.md)). \`"*"\` stands for the rights
below that are marked so; the others are given by name. In a room a user's role in it decides instead
([PROTOCOL.md](PROTOCOL.md) L8, L10, R8–R11).
`;

/** Rights that are asked for beside those of a command. */
const BESIDE: { readonly [right: string]: string } = {
  admin: "whatever rooms say of their owner: in a room only grants count",
  other_services: "subscribing to events of other services (E2)",
  msglog_history: "reading what was sent before one's own join (R11)",
  room_own: "making and changing owners and moderators (R8)",
};

/** The page as Markdown. */
export function rightsPage(): string {
  const byRight = Map.groupBy(Object.entries(commands), ([, entry]) => ("right" in entry ? entry.right : ""));
  const names = new Set([...byRight.keys(), ...Object.keys(BESIDE)]);
  const all = new Rights(["*"]);
  const rows = [...names]
    .filter(Boolean)
    .sort()
    .map((right) => {
      const served = (byRight.get(right as never) ?? []).map(([name]) => `\`${name}\``);
      const what = [...served, ...((BESIDE[right] ?? "") ? [BESIDE[right]] : [])].join(", ");
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
