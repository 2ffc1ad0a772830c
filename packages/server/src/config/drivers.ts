import type { Authenticator, Time } from "../auth/auth.ts";
import { chainOf } from "../auth/chain.ts";
import { jwtAuthenticator } from "../auth/jwt.ts";
import { openAuthenticator } from "../auth/open.ts";
import { usersAuthenticator } from "../auth/users.ts";
import { webhookAuthenticator } from "../auth/webhook.ts";
import type { Logger } from "../core/logger.ts";
import { MemoryStore } from "../store/memory.ts";
import { SqliteStore } from "../store/sqlite/index.ts";
import type { Store } from "../store/store.ts";
import type { AuthenticatorSettings } from "./authenticators.ts";
import { type Config, ConfigError } from "./config.ts";
import { jwtRulesOf } from "./jwt.ts";
import { hasUsers, usersOf } from "./users.ts";

/** The store of each kind. */
export const stores: { readonly [kind in Config["store"]["kind"]]: (config: Config) => Store } = {
  sqlite: ({ data }) => new SqliteStore(data),
  memory: () => new MemoryStore(),
};

/** What authenticators are made with. */
export interface Surroundings {
  readonly clock: Time;
  readonly logger: Logger;
}

/** Those of the configuration, else its users, else open mode (L7, L11). Throws a `ConfigError`. */
export function authenticatorFor(config: Config, surroundings: Surroundings): Authenticator {
  const { authenticators = hasUsers(config) ? [{ kind: "users" as const }] : [] } = config;
  if (authenticators.length === 0) return openAuthenticator;
  if (config.users.length > 0 && !authenticators.some(({ kind }) => kind === "users"))
    throw new ConfigError("users: nobody asks them; add {kind: users} to authenticators");
  const make = (settings: AuthenticatorSettings, i: number) => {
    switch (settings.kind) {
      case "users":
        return usersAuthenticator(usersOf(config, surroundings));
      case "jwt":
        return jwtAuthenticator(jwtRulesOf(settings, `authenticators.${i}`), surroundings.clock);
      case "webhook":
        return webhookAuthenticator(settings, surroundings.clock);
    }
  };
  return chainOf(authenticators.map((one, i) => ({ kind: one.kind, authenticator: make(one, i) })));
}
