import { type Command, InvalidArgumentError } from "commander";
import { withDataDirectory } from "./data-directory.ts";
import { attempt, Failure } from "./failure.ts";
import { withCredentials } from "./target.ts";
import type { FolderFlags } from "./verify-folder.ts";
import type { ServerFlags } from "./verify-server.ts";

/** What only one of both takes. */
const OF_FOLDER = ["config", "data", "service"] as const;
const OF_SERVER = ["epoch", "from", "user", "password", "passwordFile", "token", "tokenFile"] as const;

export function define(command: Command): void {
  withCredentials(withDataDirectory(command.argument("[url]", "a server, whose logs are read instead")))
    .option("--room <room>", "only the logs of this room, in all its lives")
    .option("--service <name>", "whose room", "main")
    .option("--epoch <epoch>", 'with URL: only this life of the room, "last" for the newest that has ended')
    .option(
      "--from <id:digest>",
      "with URL: from this entry on, whose digest was kept, and not from the beginning",
      checkpointOf,
    )
    .option("--json", "a JSON object for each fault, one a line, and at the end one about all")
    .description(
      "Recompute all that a data directory holds, and say exactly where it is not as the server wrote it: digests, ids, times, counters, indexes, every table, the file. Also while a server runs on it; nothing is changed. With URL: recompute the digests of the logs that a server shows.",
    )
    .action((url: string | undefined, flags: FolderFlags & Omit<ServerFlags, "url">) =>
      attempt(async () => {
        if (url === undefined) refuse(command, OF_SERVER, "a data directory");
        else refuse(command, OF_FOLDER, "a URL");
        if (url === undefined) return (await import("./verify-folder.ts")).verifyFolder(flags);
        if (flags.room === undefined && (flags.from ?? flags.epoch) !== undefined)
          throw new Failure("usage", "--from and --epoch are about one room: name it with --room");
        await (await import("./verify-server.ts")).verifyServer({ ...flags, url });
      }, flags.config),
    );
}

/** What comes from the environment is there for other commands. */
function refuse(command: Command, names: readonly string[], what: string): void {
  const isGiven = (name: string) => names.includes(name) && command.getOptionValueSource(name) === "cli";
  const wrong = command.options.find((option) => isGiven(option.attributeName()));
  if (wrong) throw new Failure("usage", `${wrong.long} does not go with ${what}`);
}

function checkpointOf(text: string): { readonly msg_id: number; readonly digest: string } {
  const [, msg_id, digest] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (msg_id !== undefined && digest !== undefined) return { msg_id: Number(msg_id), digest };
  throw new InvalidArgumentError("Write it as ID:DIGEST, as verify and msglog_digest say them.");
}
