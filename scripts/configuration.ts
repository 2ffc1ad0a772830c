import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { configSchema } from "../packages/server/src/config/config.ts";
import { pluginsInTheBox } from "../packages/server/src/config/plugins.ts";

/** The part of a JSON schema that is shown. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly properties?: Record<string, Schema>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly const?: string;
}

const INTRODUCTION = `# Configuration

Written by \`npm run docs\` from the schema that checks it. One YAML file, given with \`--config\`; every setting has a
default, so an empty file is fine. \`--host\`, \`--port\` and \`--data\`, or \`ROOMLOG_HOST\`, \`ROOMLOG_PORT\` and
\`ROOMLOG_DATA\`, win over the file.

\`\`\`yaml
port: 9010
data: ./data
services:
  main:
    listeners: [{ path: / }]
    plugins: [core, room, msglog, webhooks]
    msglog: { max_message_bytes: 16384 }
\`\`\`

A value \`!env NAME\` or \`!file PATH\` is read from the environment or from a file beside the configuration. Files of
secrets, plugins and certificates are named relative to the configuration, \`data\` to the working directory. A service
lists its plugins from the lowest to the highest: \`core\`, \`room\`, \`msglog\` and \`webhooks\` are in the box, one of your own is named
by its \`.js\` or \`.ts\` file (\`./examples/dice.ts\`); its settings stand under its name. In brackets: the rules of
[PROTOCOL.md](PROTOCOL.md).
`;

/** The page as Markdown. */
export function configurationPage(): string {
  const plugins = pluginsInTheBox.map(({ name, settings }) => [`services.NAME.${name}`, settings] as const);
  const rows = [["", configSchema] as const, ...plugins].flatMap(([path, schema]) =>
    rowsOf(path, z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema),
  );
  return `${INTRODUCTION}\n| setting | values | default | |\n|---|---|---|---|\n${rows.join("\n")}\n`;
}

function rowsOf(path: string, schema: Schema): string[] {
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, part]) =>
    rowsOf(path === "" ? name : `${path}.${name}`, part),
  );
  if (below.length > 0) return below;
  if (schema.items?.properties) return [row(path, schema), ...rowsOf(`${path}[]`, schema.items)];
  if (schema.items?.oneOf)
    return [row(path, schema), ...schema.items.oneOf.flatMap((one) => rowsOfKind(path, one))];
  const named = schema.additionalProperties;
  if (typeof named === "object" && named.properties)
    return [row(path, schema), ...rowsOf(`${path}.NAME`, named)];
  return path === "" || schema.type === "object" ? [] : [row(path, schema)];
}

/** The settings of one kind of a list's members: `list[KIND].setting`. */
function rowsOfKind(path: string, schema: Schema): string[] {
  const { kind, ...properties } = schema.properties ?? {};
  const rows = rowsOf(`${path}[${kind?.const}]`, { ...schema, properties });
  return Object.keys(properties).length > 0 ? rows : [];
}

function row(path: string, schema: Schema): string {
  const given = schema.default === undefined ? "" : `\`${JSON.stringify(schema.default)}\``;
  return `| \`${path}\` | ${values(schema)} | ${given} | ${schema.description ?? ""} |`;
}

function values({ type, enum: choices, minimum, exclusiveMinimum, maximum }: Schema): string {
  if (choices) return choices.map((choice) => `\`${choice}\``).join(", ");
  const least = minimum ?? (exclusiveMinimum === undefined ? undefined : `over ${exclusiveMinimum}`);
  if (least === undefined && maximum === undefined) return type ?? "";
  const bounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return bounded ? `${least} … ${maximum}` : `from ${least}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL("../docs/configuration.md", import.meta.url), configurationPage());
}
