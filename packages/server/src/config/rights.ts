import { knownRights } from "@roomlog/protocol/rights";
import type { GrantedRight } from "../auth/auth.ts";
import { type Config, ConfigError } from "./config.ts";
import { pluginsInTheBox } from "./plugins.ts";

/** The part of the letters in which a misspelt right may differ from the one that was meant. */
const NEAR = 1 / 3;

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
  const near = nearest(right);
  return `there is no right "${right}"${near === undefined ? "; docs/rights.md lists them" : `; did you mean ${near}?`}`;
}

function hasOtherPlugins({ plugins }: Config["services"][string]): boolean {
  return plugins.some((plugin) => !pluginsInTheBox.some(({ name }) => name === plugin));
}

function nearest(right: string): string | undefined {
  const byDistance = Array.from(knownRights, (known) => ({ known, letters: distance(right, known) }));
  const [best] = byDistance.sort((a, b) => a.letters - b.letters);
  return best && best.letters <= NEAR * best.known.length ? best.known : undefined;
}

/** How many letters have to be put in, taken out or exchanged to make `to` of `from` (Levenshtein). */
function distance(from: string, to: string): number {
  const first = Array.from({ length: to.length + 1 }, (_, i) => i);
  const last = Array.from(from).reduce((above, letter) => {
    let left = (above[0] ?? 0) + 1;
    const row = above.slice(1).map((up, i) => {
      const exchanged = (above[i] ?? 0) + (to[i] === letter ? 0 : 1);
      left = Math.min(left + 1, up + 1, exchanged);
      return left;
    });
    return [(above[0] ?? 0) + 1, ...row];
  }, first);
  return last.at(-1) ?? 0;
}
