import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { user } from "./authenticators.ts";
import { ConfigError } from "./config.ts";
import { writePrivately } from "./private-file.ts";

const file = z.strictObject({ users: z.array(user) });

/** A user as the configuration and the data directory have him. */
export type ListedUser = z.output<typeof user>;

/** Where a data directory keeps its users. */
export function usersFile(data: string): string {
  return join(data, "users.json");
}

/** The users that a data directory keeps; undefined when it has never had any. Throws a `ConfigError`. */
export function readKeptUsers(data: string): ListedUser[] | undefined {
  const path = usersFile(data);
  if (!versionOf(data)) return undefined;
  try {
    return file.parse(JSON.parse(readFileSync(path, "utf8"))).users;
  } catch (cause) {
    throw new ConfigError(`data: ${path} cannot be used: ${whyNot(cause, path)}`, { cause });
  }
}

function whyNot(cause: unknown, path: string): string {
  if (cause instanceof z.ZodError) return z.prettifyError(cause);
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code !== "EACCES") return message;
  const owner = statSync(path, { throwIfNoEntry: false })?.uid;
  return `it belongs to user ${owner}, and this runs as user ${process.geteuid?.()}; chown --reference=${dirname(path)} ${path}`;
}

export function writeKeptUsers(data: string, users: readonly z.input<typeof user>[]): void {
  writePrivately(usersFile(data), `${JSON.stringify({ users }, null, 2)}\n`);
}

/** Another text after each change; undefined when there is no file. */
export function versionOf(data: string): string | undefined {
  const found = statSync(usersFile(data), { bigint: true, throwIfNoEntry: false });
  return found && `${found.ino} ${found.mtimeNs} ${found.size}`;
}
