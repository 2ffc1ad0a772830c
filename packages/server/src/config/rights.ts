import { knownRights } from "@roomlog/protocol/rights";
import type { GrantedRight } from "../auth/auth.ts";
import { type Config, ConfigError } from "./config.ts";
import { nearest } from "./nearest.ts";
import { pluginsInTheBox } from "./plugins.ts";

/** What rights stand in. */
interface Owner {
  readonly rights?: readonly GrantedRight[] | undefined;
}

/** No right of the configuration is one that nothing asks for. Throws a `ConfigError` that names the setting. */
export function requireKnownRights(config: Config): void {
  for (const [setting, { rights = [] }] of ownersOf(config)) {
    rights.forEach((right, i) => {
      const fault = faultOfRight(right, config);
      if (fault !== undefined) throw new ConfigError(`${setting}.rights.${i}: ${fault}`);
    });
  }
}

function ownersOf({ users, roles, services, authenticators = [] }: Config): [setting: string, Owner][] {
  const issuers = authenticators.map((one) => (one.kind === "jwt" ? one : {}));
  return Object.entries({ users, roles, services, authenticators: issuers }).flatMap(([setting, owners]) =>
    Object.entries<Owner>(owners).map(([name, owner]): [string, Owner] => [`${setting}.${name}`, owner]),
  );
}

/** Why nothing asks for a right; a plugin that is not in the box may bring rights of its own, and then none is wrong. */
export function faultOfRight(granted: GrantedRight, { services }: Config): string | undefined {
  const right = typeof granted === "string" ? granted : granted.right;
  if (right === "*" || knownRights.has(right) || Object.values(services).some(hasOtherPlugins))
    return undefined;
  const near = nearest(right, knownRights);
  return `there is no right "${right}"${near === undefined ? "; docs/rights.md lists them" : `; did you mean ${near}?`}`;
}

function hasOtherPlugins({ plugins }: Config["services"][string]): boolean {
  return plugins.some((plugin) => !pluginsInTheBox.some(({ name }) => name === plugin));
}
