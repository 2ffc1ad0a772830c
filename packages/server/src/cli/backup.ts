import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { readKeptUsers, usersFile, writeKeptUsers } from "../config/kept-users.ts";
import { loadConfig } from "../config/load.ts";
import { syncDirectory } from "../config/private-file.ts";
import { backUp, type Contents } from "../store/sqlite/backup.ts";
import { DATABASE } from "../store/sqlite/file.ts";
import { withDataDirectory } from "./data-directory.ts";
import { attempt, Failure } from "./failure.ts";
import { howMany, humaneBytes, lookOf, say, sayJson } from "./output.ts";
import { progress } from "./progress.ts";

interface Flags {
  readonly config?: string;
  readonly data?: string;
  readonly json?: true;
}

export function define(command: Command): void {
  withDataDirectory(command.argument("<dest>", "a directory that is not there yet"))
    .option("--json", "a JSON object about what was copied")
    .description(
      "Copy the rooms, their logs and the users of a data directory, as they stand now, and check the copy. The copy is a data directory: put it in place and start.",
    )
    .action((dest: string, flags: Flags) => attempt(() => backup(dest, flags), flags.config));
}

async function backup(dest: string, { config, json, ...given }: Flags): Promise<void> {
  const { data } = loadConfig(config, given);
  if (!existsSync(join(data, DATABASE)))
    throw new Failure("missing", `there is no data in ${data}; say with --data or --config where it is`);
  if (existsSync(dest)) throw new Failure("usage", `${dest} is there already; name a directory that is not`);
  const draft = `${resolve(dest)}.${process.pid}.partial`;
  makeDirectory(draft);
  try {
    const contents = await copied(data, draft);
    // Only empty directories would give way to it, and nobody minds those.
    renameSync(draft, dest);
    syncDirectory(resolve(dest, ".."));
    tell(dest, contents, json);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

/** Without `secret.key`: a copy that gets lost lets nobody resume a session, and a new one is made. */
async function copied(data: string, draft: string): Promise<Contents> {
  const line = progress("pages");
  const contents = await backUp(data, draft, (pages, all) => line.at(pages, all)).finally(() => line.end());
  chmodSync(join(draft, DATABASE), 0o600);
  const users = readKeptUsers(data);
  if (users) writeKeptUsers(draft, users);
  syncDirectory(draft);
  return contents;
}

function makeDirectory(draft: string): void {
  try {
    mkdirSync(draft, { mode: 0o700 });
  } catch (cause) {
    throw new Failure("storage", `${draft} cannot be made: ${(cause as Error).message}`, { cause });
  }
}

function tell(dest: string, contents: Contents, json: true | undefined): void {
  if (lookOf({ ...(json && { json }) }) === "json") return sayJson({ dest, ...contents });
  const { rooms, messages, bytes } = contents;
  const what = `${howMany(rooms, "room")}, ${howMany(messages, "message")}, ${humaneBytes(bytes)}`;
  say(`${dest} has ${what}, and was checked.`);
  if (existsSync(usersFile(dest))) say("It has users.json too, with hashes of passwords.");
}
