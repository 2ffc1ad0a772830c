import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Document, LineCounter, parseDocument, type ScalarTag, visit } from "yaml";
import { type Config, ConfigError, configSchema } from "./config.ts";
import { problemsOf } from "./problems.ts";

/** Settings given beside the file, by flag or environment variable; they win. */
export interface Overrides {
  readonly host?: string;
  readonly port?: number;
  readonly data?: string;
}

/** Reads and checks the configuration. Throws a `ConfigError` that names the setting; `withLines` finds its line. */
export function loadConfig(file: string | undefined, overrides: Overrides): Config {
  const source = file === undefined ? undefined : parse(file, read(file));
  const given: unknown = source?.document.toJS() ?? {};
  const merged = typeof given === "object" && !Array.isArray(given) ? { ...given, ...overrides } : given;
  const result = configSchema.safeParse(merged);
  if (result.success) return file === undefined ? result.data : withFilesBeside(file, result.data);
  throw new ConfigError(problemsOf(result.error, merged));
}

/** Files of plugins and certificates are named relative to the configuration. */
function withFilesBeside(file: string, config: Config): Config {
  const locate = (path: string) => resolve(dirname(file), path);
  const services = Object.entries(config.services).map(([name, service]) => {
    const plugins = service.plugins.map((plugin) => (plugin.startsWith(".") ? locate(plugin) : plugin));
    const listeners = service.listeners.map(({ tls, ...listener }) =>
      tls ? { ...listener, tls: { cert: locate(tls.cert), key: locate(tls.key) } } : listener,
    );
    return [name, { ...service, plugins, listeners }];
  });
  return { ...config, services: Object.fromEntries(services) };
}

/** `!env NAME` and `!file PATH` (relative to the configuration) stand for a secret that is kept elsewhere. */
function secretTags(directory: string): ScalarTag[] {
  const env = (name: string) => {
    const value = process.env[name];
    if (value === undefined) throw new Error(`the environment variable ${name} is not set`);
    return value;
  };
  const file = (path: string) => readFileSync(resolve(directory, path), "utf8").trim();
  return [tag("!env", env), tag("!file", file)];
}

/** The values that a configuration refers to with `!env` and `!file`: secrets, as a rule. */
export function referredValues(file: string): string[] {
  const values: string[] = [];
  const { document } = parse(file, read(file));
  visit(document, {
    Scalar(_key, { tag, value }) {
      if (tag === "!env" || tag === "!file") values.push(String(value));
    },
  });
  return values;
}

function tag(name: string, get: (text: string) => string): ScalarTag {
  return {
    tag: name,
    resolve(text, onError) {
      try {
        return get(text);
      } catch (error) {
        onError((error as Error).message);
        return "";
      }
    },
  };
}

interface Source {
  readonly document: Document;
  readonly lines: LineCounter;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new ConfigError(`The configuration ${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function parse(file: string, text: string): Source {
  const lines = new LineCounter();
  // Not the pretty errors, which show the line: there may be a secret in it.
  const options = { lineCounter: lines, customTags: secretTags(dirname(file)), prettyErrors: false };
  const document = parseDocument(text, options);
  const [error] = document.errors;
  if (error) throw new ConfigError(`${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  return { document, lines };
}

/**
 * The message of a `ConfigError` with the lines of the file that it is about:
 * `roomlog.yaml:3: limits.frame_bytes: Too small …`
 */
export function withLines(message: string, file: string): string {
  const { document, lines } = parse(file, read(file));
  const place = (setting: string) => {
    const path = setting.split(".");
    const found = path.map((_, i) => document.getIn(path.slice(0, path.length - i), true)).find(hasRange);
    return found ? `${file}:${lines.linePos(found.range[0]).line}: ` : "";
  };
  return message.replace(/^[\w.-]+(?=: )/gm, (setting) => place(setting) + setting);
}

function hasRange(node: unknown): node is { readonly range: readonly [number, ...number[]] } {
  return typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range);
}
