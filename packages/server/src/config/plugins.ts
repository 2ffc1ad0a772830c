import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "../core/plugin.ts";
import type { ChosenPlugin } from "../core/service.ts";
import { core } from "../services/core/index.ts";
import { msglog } from "../services/msglog/index.ts";
import { room } from "../services/room/index.ts";
import { webhooks } from "../services/webhooks/index.ts";
import { ConfigError, type ServiceConfig } from "./config.ts";
import { problemsOf } from "./problems.ts";

/** What every service may name in `plugins`. */
export const pluginsInTheBox: readonly Plugin[] = [core, room, msglog, webhooks];

/**
 * The plugins of a service with their checked settings, in order (S1, S2): those in the box, those `given` by the
 * program, and files that export one by default. Throws a `ConfigError`.
 */
export async function choosePlugins(
  service: string,
  { plugins: named, listeners: _, rights: __, ...settings }: ServiceConfig,
  given: readonly Plugin[],
): Promise<ChosenPlugin[]> {
  const known = new Map([...pluginsInTheBox, ...given].map((plugin) => [plugin.name, plugin]));
  const path = `services.${service}`;
  const chosen = await Promise.all(
    named.map(async (one) => known.get(one) ?? loadPlugin(`${path}.plugins`, one, known)),
  );
  const names = chosen.map(({ name }) => name);
  chosen.forEach(({ name, needs = [] }, i) => {
    const missing = needs.find((need) => !names.slice(0, i).includes(need));
    if (missing) throw new ConfigError(`${path}.plugins: "${name}" needs "${missing}" before it`);
    if (names.indexOf(name) < i) throw new ConfigError(`${path}.plugins: "${name}" is there twice`);
  });
  const stray = Object.keys(settings).find((key) => !names.includes(key));
  if (stray !== undefined) {
    throw new ConfigError(
      `${path}.${stray}: there is no such setting; there are listeners, plugins, rights, ${names.join(", ")}`,
    );
  }
  return chosen.map((plugin) => ({
    plugin,
    settings: checkSettings(`${path}.${plugin.name}`, plugin, settings),
  }));
}

/** A plugin in a file of its own, `.js` or `.ts`. */
async function loadPlugin(path: string, file: string, known: ReadonlyMap<string, Plugin>): Promise<Plugin> {
  if (!/\.[cm]?[jt]s$/.test(file)) {
    throw new ConfigError(
      `${path}: there is no plugin "${file}"; there are ${[...known.keys()].join(", ")}; a plugin of your own is named by its .js or .ts file`,
    );
  }
  const module: { default?: unknown } = await import(pathToFileURL(resolve(file)).href).catch(
    (cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ConfigError(`${path}: ${file} cannot be loaded: ${why}`, { cause });
    },
  );
  if (isPlugin(module.default)) return module.default;
  throw new ConfigError(`${path}: ${file} has no default export made by definePlugin`);
}

function isPlugin(value: unknown): value is Plugin {
  return (
    typeof value === "object" && value !== null && "name" in value && "setup" in value && "settings" in value
  );
}

function checkSettings(
  path: string,
  { name, settings: schema }: Plugin,
  settings: Record<string, unknown>,
): unknown {
  // Settings that are a list have a default of their own.
  const none = schema.safeParse(undefined).success ? undefined : {};
  const given = settings[name] ?? none;
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new ConfigError(problemsOf(result.error, given, [path]));
}
