import type { Config } from "./config/config.ts";
import { authenticatorFor, type Surroundings } from "./config/drivers.ts";
import {
  certificateOf,
  type Listener,
  listenersOf,
  portsOf,
  requireEncryption,
  requireLoopback,
} from "./config/listeners.ts";
import { choosePlugins } from "./config/plugins.ts";
import { requireKnownRights } from "./config/rights.ts";
import { systemClock } from "./core/clock.ts";
import { silentLogger } from "./core/logger.ts";
import type { Plugin } from "./core/plugin.ts";
import type { ServiceSetup } from "./core/service.ts";

export interface SetupParts extends Surroundings {
  /** Where the services are reached. */
  readonly listeners: readonly Listener[];
  /** Plugins that services may name, beside those in the box. */
  readonly plugins?: readonly Plugin[] | undefined;
}

/** What each service is to be, by its name, checked as a whole. Throws a `ConfigError`. */
export async function setupsOf(
  config: Config,
  { listeners, plugins: given = [], ...surroundings }: SetupParts,
): Promise<ReadonlyMap<string, ServiceSetup>> {
  requireKnownRights(config);
  const authenticator = authenticatorFor(config, surroundings);
  if (authenticator.open) requireLoopback(listeners);
  requireEncryption(listeners);
  const setups = Object.entries(config.services).map(async ([name, service]) => {
    const plugins = await choosePlugins(name, service, given);
    return [name, { plugins, authenticator, rights: service.rights, limits: config.limits }] as const;
  });
  return new Map(await Promise.all(setups));
}

/** Everything that a start would check before it touches data or network. Throws a `ConfigError`. */
export async function checkConfig(config: Config): Promise<void> {
  const listeners = listenersOf(config);
  await setupsOf(config, { clock: systemClock(), logger: silentLogger, listeners });
  for (const port of portsOf(listeners)) certificateOf(port);
}
