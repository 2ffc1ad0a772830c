import { Command } from "commander";
import { version } from "../version.ts";
import { exitCodes } from "./exit.ts";

/** A command defines its arguments and flags; only the one that is asked for is loaded. */
type Define = (command: Command) => void;

const commands: readonly [name: string, summary: string, load: () => Promise<{ readonly define: Define }>][] =
  [
    ["serve", "Run the server.", () => import("./serve.ts")],
    ["send", "Send messages to a room.", () => import("./send.ts")],
    ["tail", "The newest messages of rooms, and those to come.", () => import("./tail.ts")],
    ["replay", "The log of a room once more, in its rhythm.", () => import("./replay.ts")],
    ["get", "Read the log of a room.", () => import("./get.ts")],
    ["export", "Write the log of a room as a transcript.", () => import("./export.ts")],
    ["import", "Bring a log back from a transcript.", () => import("./import.ts")],
    ["rooms", "List rooms; make, look at and end one.", () => import("./rooms.ts")],
    ["sessions", "Who is there; end a session.", () => import("./sessions.ts")],
    ["erase", "Erase what a user wrote.", () => import("./erase.ts")],
    ["hold", "Put a room on hold: nothing of its log goes.", () => import("./hold.ts")],
    ["webhooks", "How webhooks fare, and what they could not be told.", () => import("./webhooks.ts")],
    ["bench", "A short load, and how the server takes it.", () => import("./bench.ts")],
    ["user", "Users that the data directory keeps, and passwords.", () => import("./user.ts")],
    ["backup", "Copy a data directory, also while a server runs on it.", () => import("./backup.ts")],
    [
      "verify",
      "Recompute all that a data directory holds, or logs of a server.",
      () => import("./verify.ts"),
    ],
    ["doctor", "Look at what can be wrong, and say what to do.", () => import("./doctor.ts")],
    ["token", "Sign a token for trials, look into one.", () => import("./token.ts")],
    ["config", "Check and show a configuration.", () => import("./config.ts")],
  ];

const program = new Command("roomlog")
  .description("A server that gives rooms a durable, ordered message log, and what talks to it.")
  .version(version)
  .showHelpAfterError(hintOf("roomlog"))
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? exitCodes.ok : exitCodes.usage));
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith("-") && argument !== "help");
for (const [name, summary, load] of commands) {
  const command = program.command(name).description(summary);
  if (name === asked[0]) (await load()).define(command);
  command.showHelpAfterError(hintOf(`roomlog ${name}`));
  for (const part of command.commands) part.showHelpAfterError(hintOf(`roomlog ${name} ${part.name()}`));
}
await program.parseAsync();

/** What stands under a wrong flag or argument. */
function hintOf(command: string): string {
  return `(run "${command} --help" for what there is)`;
}
