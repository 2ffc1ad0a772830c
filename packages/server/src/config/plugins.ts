import type { Plugin } from "../core/plugin.ts";
import { core } from "../services/core/index.ts";
import { msglog } from "../services/msglog/index.ts";
import { room } from "../services/room/index.ts";
import { ConfigError, type ServiceConfig } from "./config.ts";

/** What a service may name in `plugins`. */
export const pluginsInTheBox: ReadonlyMap<string, Plugin> = new Map(
  [core, room, msglog].map((plugin) => [plugin.name, plugin]),
);

export interface ChosenPlugin {
  readonly plugin: Plugin;
  readonly settings: unknown;
}

/** The plugins of a service with their checked settings, in order (S1). Throws a `ConfigError`. */
export function choosePlugins(
  name: string,
  { plugins, listeners: _, ...settings }: ServiceConfig,
): ChosenPlugin[] {
  const chosen = plugins.map((one) => findPlugin(name, one));
  chosen.forEach(({ name: plugin, needs = [] }, i) => {
    const missing = needs.find((need) => !plugins.slice(0, i).includes(need));
    if (missing) throw new ConfigError(`services.${name}.plugins: "${plugin}" needs "${missing}" before it`);
  });
  const stray = Object.keys(settings).find((key) => !plugins.includes(key));
  if (stray !== undefined) {
    throw new ConfigError(
      `services.${name}: unknown setting "${stray}"; known are listeners, plugins and ${plugins.join(", ")}`,
    );
  }
  return chosen.map((plugin) => ({
    plugin,
    settings: checkSettings(`services.${name}.${plugin.name}`, plugin, settings),
  }));
}

function findPlugin(service: string, name: string): Plugin {
  const plugin = pluginsInTheBox.get(name);
  if (plugin) return plugin;
  throw new ConfigError(
    `services.${service}.plugins: there is no plugin "${name}"; there are ${[...pluginsInTheBox.keys()].join(", ")}`,
  );
}

function checkSettings(
  path: string,
  { name, settings: schema }: Plugin,
  settings: Record<string, unknown>,
): unknown {
  const result = schema.safeParse(settings[name] ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${[path, ...issue.path].join(".")}: ${issue.message}`);
  throw new ConfigError(problems.join("\n"));
}
