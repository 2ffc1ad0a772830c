import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Document, LineCounter, parseDocument, type ScalarTag } from "yaml";
import type * as z from "zod";
import { type Config, ConfigError, configSchema } from "./config.ts";

/** Settings given beside the file, by flag or environment variable; they win. */
export interface Overrides {
  readonly host?: string;
  readonly port?: number;
  readonly data?: string;
}

/** Reads and checks the configuration. Throws a `ConfigError` that names file, line and setting. */
export function loadConfig(file: string | undefined, overrides: Overrides): Config {
  const source = file === undefined ? undefined : parse(file, read(file));
  const given: unknown = source?.document.toJS() ?? {};
  const merged = typeof given === "object" && !Array.isArray(given) ? { ...given, ...overrides } : given;
  const result = configSchema.safeParse(merged);
  if (result.success) return file === undefined ? result.data : withPluginsBeside(file, result.data);
  throw new ConfigError(result.error.issues.map((issue) => describe(issue, source)).join("\n"));
}

/** Plugin files are named relative to the configuration. */
function withPluginsBeside(file: string, config: Config): Config {
  const locate = (plugin: string) => (plugin.startsWith(".") ? resolve(dirname(file), plugin) : plugin);
  const services = Object.entries(config.services).map(([name, service]) => [
    name,
    { ...service, plugins: service.plugins.map(locate) },
  ]);
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
  readonly file: string;
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
  const document = parseDocument(text, { lineCounter: lines, customTags: secretTags(dirname(file)) });
  const [error] = document.errors;
  if (error) throw new ConfigError(`${file}: ${error.message}`, { cause: error });
  return { file, document, lines };
}

/** `roomlog.yaml:3: limits.frame_bytes: Too small …` */
function describe({ path, message, ...issue }: z.core.$ZodIssue, source: Source | undefined): string {
  const unknown = issue.code === "unrecognized_keys" ? issue.keys : [];
  const where = source && place([...path, ...unknown.slice(0, 1)] as (string | number)[], source);
  return `${where ?? ""}${path.join(".") || "configuration"}: ${message}`;
}

function place(path: readonly (string | number)[], { file, document, lines }: Source): string {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    const range =
      typeof node === "object" && node !== null && "range" in node ? (node.range as number[]) : undefined;
    if (range?.[0] !== undefined) return `${file}:${lines.linePos(range[0]).line}: `;
  }
  return `${file}: `;
}
