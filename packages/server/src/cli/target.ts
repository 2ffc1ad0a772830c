import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { text } from "node:stream/consumers";
import { type Command, Option } from "commander";
import { Failure } from "./failure.ts";

/** The server that a command talks to, and as whom. */
export interface Target {
  readonly url?: string;
  readonly user?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

/** Or a data folder, which is only read. */
export interface Place extends Target {
  readonly data?: string;
  readonly service: string;
}

const DEFAULT_URL = "ws://127.0.0.1:9010/";

/** Flags of commands that talk to a server. */
export function withTarget(command: Command): Command {
  return withCredentials(
    command.addOption(new Option("--url <url>", `the server (default: ${DEFAULT_URL})`).env("ROOMLOG_URL")),
  );
}

/** Flags that say who logs in. */
export function withCredentials(command: Command): Command {
  return command
    .addOption(
      new Option("--user <name>", "who logs in (default: the user of this system)").env("ROOMLOG_USER"),
    )
    .addOption(
      new Option("--password <text>", "better from the environment or a file").env("ROOMLOG_PASSWORD"),
    )
    .option("--password-file <file>", "file with the password, - for stdin")
    .addOption(new Option("--token <text>", "better from the environment or a file").env("ROOMLOG_TOKEN"))
    .option("--token-file <file>", "file with a token, - for stdin");
}

/** Flags of commands that only read. */
export function withSource(command: Command): Command {
  return withTarget(command)
    .option("--data <directory>", "read this data folder instead, also while a server runs on it")
    .option("--service <name>", "whose rooms of the data folder", "main");
}

/** Where the server listens. `http` and `https` stand for `ws` and `wss`. */
export function urlOf(target: Target): string {
  const url = target.url || DEFAULT_URL;
  const parsed = URL.parse(url.replace(/^http/, "ws"));
  if (parsed && /^wss?:$/.test(parsed.protocol)) return parsed.href;
  throw new Failure(
    "usage",
    `${url} is no address of a server: write it as ws://HOST:PORT/ or wss://HOST/PATH, or with http or https`,
  );
}

/** Stdin can be read only once: what it says stands in the target from then on. */
export async function withStdinSecret({ passwordFile, tokenFile, ...target }: Target): Promise<Target> {
  if (tokenFile === "-") return { ...target, token: await secretIn(tokenFile) };
  if (passwordFile === "-") return { ...target, password: await secretIn(passwordFile) };
  return { ...target, ...(passwordFile && { passwordFile }), ...(tokenFile && { tokenFile }) };
}

/** Who logs in, as `core/user/login` wants it. */
export async function credentialsOf(target: Target) {
  const { user, password, passwordFile, token, tokenFile } = target;
  const given = token ?? (tokenFile === undefined ? undefined : await secretIn(tokenFile));
  if (given !== undefined) return { token: given.trim(), ...(user !== undefined && { user }) };
  const secret = password ?? (passwordFile === undefined ? undefined : await secretIn(passwordFile));
  return { user: user ?? systemUser(), ...(secret !== undefined && { password: secret }) };
}

async function secretIn(file: string): Promise<string> {
  try {
    const secret = file === "-" ? await text(process.stdin) : readFileSync(file, "utf8");
    return secret.replace(/\r?\n$/, "");
  } catch (cause) {
    throw new Failure("missing", `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return "roomlog";
  }
}
