import { isName, MAX_USER } from "@roomlog/protocol";
import type { Command } from "commander";
import { hashPassword } from "../auth/users.ts";
import type { Config } from "../config/config.ts";
import { type ListedUser, readKeptUsers, usersFile, writeKeptUsers } from "../config/kept-users.ts";
import { loadConfig } from "../config/load.ts";
import { faultOfRight } from "../config/rights.ts";
import { withDataDirectory } from "./data-directory.ts";
import { attempt, Failure } from "./failure.ts";
import { lookOf, remark, say } from "./output.ts";
import { readPassword } from "./password.ts";
import { type Column, printTable } from "./table.ts";

/** Where the users are. */
interface Place {
  readonly config?: string;
  readonly data?: string;
}

/** What a new user may do. */
interface Powers {
  readonly rights?: string[];
  readonly role?: string[];
}

export function define(user: Command): void {
  user
    .command("hash")
    .description("Read a password from stdin and print its hash for `users` in the configuration.")
    .action(() => attempt(printHash));
  inPlace(user.command("add <name>"))
    .description("Add a user; the password comes from stdin.")
    .option("--rights <names>", "what the user may do, with commas between (default: *)", names)
    .option("--role <name>", "a role of the configuration; may be repeated", collected)
    .action((name: string, flags: Place & Powers) =>
      attempt(() => add(name, flags, configOf(flags)), flags.config),
    );
  inPlace(user.command("passwd <name>"))
    .description("Give a user another password, from stdin.")
    .action((name: string, flags: Place) =>
      attempt(() => changePassword(name, configOf(flags)), flags.config),
    );
  inPlace(user.command("remove <name>"))
    .description("Remove a user: no further logins. Sessions that are open go on.")
    .action((name: string, flags: Place) => attempt(() => remove(name, configOf(flags)), flags.config));
  inPlace(user.command("list"))
    .description("List the users of the configuration and of the data directory.")
    .option("--json", "a JSON object a line")
    .action((flags: Place & { json?: true }) => attempt(() => list(flags, configOf(flags)), flags.config));
}

function inPlace(command: Command): Command {
  return withDataDirectory(command, "configuration, YAML");
}

function configOf({ config, data }: Place): Config {
  return loadConfig(config, data === undefined ? {} : { data });
}

function names(text: string): string[] {
  return text.split(",").filter((name) => name !== "");
}

function collected(name: string, before: string[] = []): string[] {
  return [...before, name];
}

async function printHash(): Promise<void> {
  say(await hashPassword(await givenPassword()));
}

async function add(name: string, { rights, role: roles = [] }: Powers, config: Config): Promise<void> {
  if (!isName(name, MAX_USER)) throw new Failure("usage", `"${name}" cannot be the name of a user`);
  const kept = readKeptUsers(config.data);
  if (isConfigured(name, config)) throw new Failure("usage", `${name} stands in the configuration already`);
  if (kept?.some((user) => user.name === name))
    throw new Failure("usage", `${name} is there already; roomlog user passwd ${name} changes the password`);
  const unknown = roles.find((role) => !Object.hasOwn(config.roles, role));
  if (unknown !== undefined)
    throw new Failure(
      "usage",
      `there is no role ${unknown} in the configuration; --config says which one that is`,
    );
  for (const right of rights ?? []) {
    const fault = faultOfRight(right, config);
    if (fault !== undefined) throw new Failure("usage", `--rights: ${fault}`);
  }
  const password = await hashPassword(await givenPassword());
  write(config, [...(kept ?? []), { name, password, roles, ...(rights && { rights }) }]);
  say(`${name} was added to ${usersFile(config.data)} and can log in within a second.`);
  if (isNotAsked(config))
    say("The configuration's authenticators do not name users: add `kind: users` to them.");
  if (kept === undefined && config.users.length === 0 && !config.authenticators)
    say(
      "A server that runs open goes on so until it is restarted or gets SIGHUP; then it asks for passwords.",
    );
}

async function changePassword(name: string, config: Config): Promise<void> {
  const users = usersWith(name, config);
  const password = await hashPassword(await givenPassword());
  write(
    config,
    users.map((user) => (user.name === name ? { ...user, password } : user)),
  );
  say(`${name} has another password, which counts within a second. Sessions that are open go on.`);
}

function remove(name: string, config: Config): void {
  const left = usersWith(name, config).filter((user) => user.name !== name);
  write(config, left);
  say(`${name} was removed and cannot log in any more. Sessions that are open go on until they end.`);
  if (left.length === 0)
    say(`No users are left in ${usersFile(config.data)}. Without that file the server would run open.`);
}

async function list(flags: { readonly json?: true }, config: Config): Promise<void> {
  const listed = (users: readonly ListedUser[], from: string): Row[] =>
    users.map(({ name, rights, roles }) => ({ name, ...(rights && { rights }), roles, from }));
  const all = [
    ...listed(config.users, "configuration"),
    ...listed(readKeptUsers(config.data) ?? [], usersFile(config.data)),
  ];
  await printTable(lookOf(flags), columns, all);
  if (all.length === 0) remark("There are no users. roomlog user add NAME adds one.");
}

interface Row extends Pick<ListedUser, "name" | "rights" | "roles"> {
  readonly from: string;
}

const columns: readonly Column<Row>[] = [
  { head: "user", of: ({ name }) => name },
  { head: "may", of: powers },
  { head: "stands in", of: ({ from }) => from },
];

function powers({ rights = [], roles }: Row): string {
  const all = [...rights.map(rightText), ...roles.map((role) => `role ${role}`)];
  return all.length > 0 ? all.join(", ") : "*";
}

function rightText(right: NonNullable<ListedUser["rights"]>[number]): string {
  return typeof right === "string" ? right : `${right.right} in ${right.rooms}`;
}

/** The kept users, `name` among them. */
function usersWith(name: string, config: Config): ListedUser[] {
  const users = readKeptUsers(config.data) ?? [];
  if (users.some((user) => user.name === name)) return users;
  if (isConfigured(name, config))
    throw new Failure("usage", `${name} stands in the configuration: change it there`);
  throw new Failure("usage", `there is no user ${name} in ${usersFile(config.data)}`);
}

function isConfigured(name: string, { users }: Config): boolean {
  return users.some((user) => user.name === name);
}

function isNotAsked({ authenticators }: Config): boolean {
  return authenticators !== undefined && !authenticators.some(({ kind }) => kind === "users");
}

async function givenPassword(): Promise<string> {
  const password = await readPassword();
  if (password === "") throw new Failure("usage", "no password on stdin");
  return password;
}

function write({ data }: Config, users: readonly ListedUser[]): void {
  try {
    writeKeptUsers(data, users);
  } catch (cause) {
    throw new Failure("storage", `${usersFile(data)} cannot be written: ${(cause as Error).message}`, {
      cause,
    });
  }
}
