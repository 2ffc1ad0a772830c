import type { GrantedRight, Time } from "../auth/auth.ts";
import type { User, Users } from "../auth/users.ts";
import type { Logger } from "../core/logger.ts";
import { type Config, ConfigError } from "./config.ts";
import { type ListedUser, readKeptUsers, versionOf } from "./kept-users.ts";

/** The data directory is looked at again after this time, in milliseconds. */
const LOOK_MS = 1000;

/** The users of the configuration and, behind them, those of the data directory. Throws a `ConfigError`. */
export function usersOf(config: Config, { clock, logger }: { clock: Time; logger: Logger }): Users {
  requireOneOfEach(config.users);
  const configured = byName(config.users, config.roles, "users");
  const kept = new KeptUsers(config, clock, logger);
  return { find: (name) => configured.get(name) ?? kept.find(name) };
}

function requireOneOfEach(users: readonly ListedUser[]): void {
  const names = users.map(({ name }) => name);
  const twin = names.findIndex((name, i) => names.indexOf(name) < i);
  if (twin >= 0) throw new ConfigError(`users.${twin}.name: "${names[twin]}" is there twice`);
}

/** Whether somebody has said who may log in; users that have all been removed count, so that nothing opens by itself. */
export function hasUsers({ users, data }: Config): boolean {
  return users.length > 0 || versionOf(data) !== undefined;
}

/** The users of the data directory; what changes there takes effect within a second (L17). */
class KeptUsers implements Users {
  readonly #config: Config;
  readonly #time: Time;
  readonly #logger: Logger;
  #users: ReadonlyMap<string, User>;
  #version: string | undefined;
  #lookedAt: number;

  constructor(config: Config, time: Time, logger: Logger) {
    this.#config = config;
    this.#time = time;
    this.#logger = logger;
    this.#version = versionOf(config.data);
    this.#lookedAt = time.monotonic();
    this.#users = this.#read();
  }

  find(name: string): User | undefined {
    if (this.#time.monotonic() - this.#lookedAt >= LOOK_MS) this.#look();
    return this.#users.get(name);
  }

  #look(): void {
    this.#lookedAt = this.#time.monotonic();
    try {
      const version = versionOf(this.#config.data);
      if (version === this.#version) return;
      this.#version = version;
      this.#users = this.#read();
    } catch (error) {
      this.#logger.error({ err: error }, "the users of the data directory stay as they were");
    }
  }

  #read(): ReadonlyMap<string, User> {
    const { data, roles } = this.#config;
    return byName(readKeptUsers(data) ?? [], roles, "data: users.json: users");
  }
}

function byName(
  users: readonly ListedUser[],
  roles: Config["roles"],
  setting: string,
): ReadonlyMap<string, User> {
  return new Map(
    users.map((user, i) => {
      const { name, password } = user;
      return [name, { name, password, rights: rightsOf(user, roles, `${setting}.${i}.roles`) }];
    }),
  );
}

/** A user's own rights and those of his roles. Throws a `ConfigError` that names the setting. */
function rightsOf(
  { rights, roles: names }: ListedUser,
  roles: Config["roles"],
  setting: string,
): GrantedRight[] {
  const unknown = names.find((name) => !Object.hasOwn(roles, name));
  if (unknown !== undefined) throw new ConfigError(`${setting}: there is no role "${unknown}"`);
  const own = rights ?? (names.length === 0 ? ["*"] : []);
  return [...own, ...names.flatMap((name) => roles[name]?.rights ?? [])];
}
