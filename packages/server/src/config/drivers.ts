import type { Authenticator } from "../auth/auth.ts";
import { openAuthenticator } from "../auth/open.ts";
import { usersAuthenticator } from "../auth/users.ts";
import { MemoryStore } from "../store/memory.ts";
import { SqliteStore } from "../store/sqlite/index.ts";
import type { Store } from "../store/store.ts";
import type { Config } from "./config.ts";

/** The store of each kind. */
export const stores: { readonly [kind in Config["store"]["kind"]]: (config: Config) => Store } = {
  sqlite: ({ data }) => new SqliteStore(data),
  memory: () => new MemoryStore(),
};

/** The users of the configuration, or open mode without any (L7). */
export function authenticatorFor({ users }: Config): Authenticator {
  return users.length > 0 ? usersAuthenticator(users) : openAuthenticator;
}
