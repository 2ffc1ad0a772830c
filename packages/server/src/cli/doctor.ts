import { existsSync } from "node:fs";
import type { Command } from "commander";
import type { Config } from "../config/config.ts";
import { loadConfig, type Overrides } from "../config/load.ts";
import { checkConfig } from "../setups.ts";
import { type Inspection, inspect, libraryVersion } from "../store/sqlite/inspect.ts";
import { withDataDirectory } from "./data-directory.ts";
import { database } from "./doctor/data.ts";
import { fileSystem, modes, owners, space, syncTime, writable } from "./doctor/disk.ts";
import { type Finding, findings } from "./doctor/finding.ts";
import { clock, descriptors, memory, versions } from "./doctor/machine.ts";
import { reach } from "./doctor/reach.ts";
import { access, limits, ports } from "./doctor/settings.ts";
import { exitCodes } from "./exit.ts";
import { attempt } from "./failure.ts";
import { lookOf, paint, plain, say, sayJson } from "./output.ts";
import { located } from "./report.ts";

interface Flags extends Overrides {
  readonly config?: string;
  readonly quick?: true;
  readonly json?: true;
}

export function define(command: Command): void {
  withDataDirectory(command.argument("[url]", "a server that runs, to be asked too"), "configuration, YAML")
    .option("--quick", "do not read the whole database")
    .option("--json", "a JSON object a line")
    .description(
      "Look at disk, clock, Node, limits, ports, settings and data, and say what to do. Nothing is changed, but for a small file beside the data that is gone again.",
    )
    .action((url: string | undefined, flags: Flags) => attempt(() => doctor(url, flags), flags.config));
}

async function doctor(url: string | undefined, flags: Flags): Promise<void> {
  const all: Finding[] = [];
  for await (const finding of examine(url, flags)) {
    all.push(finding);
    show(finding, lookOf(flags));
  }
  const failed = all.find(({ state }) => state === "fail");
  if (failed) process.exitCode = exitCodes[failed.ending];
}

async function* examine(url: string | undefined, flags: Flags): AsyncGenerator<Finding> {
  yield versions();
  yield library();
  const read = await configOf(flags);
  yield read.finding;
  if (read.config) {
    yield* ofConfig(read.config);
    yield* ofData(read.config, flags);
  }
  if (url !== undefined) yield* await reach(url);
}

async function* ofConfig(config: Config): AsyncGenerator<Finding> {
  const { connections } = config.limits;
  yield* access(config);
  yield* limits(config);
  yield memory(connections);
  yield descriptors(connections);
}

async function* ofData(config: Config, { quick }: Flags): AsyncGenerator<Finding> {
  const { data, store } = config;
  if (store.kind === "memory") {
    yield findings("storage").warn("data", "store.kind is memory: nothing is kept", "for trials only");
    yield* await ports(config, false);
    return;
  }
  const place = writable(data);
  yield place;
  if (place.state !== "fail") {
    yield fileSystem(data);
    yield space(data, store.min_free_bytes);
    yield syncTime(data);
    if (existsSync(data)) yield* [modes(data), owners(data)];
  }
  const found = inspection(data, quick !== true);
  yield found.finding;
  yield await clock(found.inspection?.newest);
  yield* await ports(config, found.inspection?.isTaken ?? false);
}

function library(): Finding {
  const { ok, fail } = findings("storage");
  try {
    return ok("SQLite", libraryVersion());
  } catch (error) {
    return fail("SQLite", (error as Error).message, "install Roomlog's dependencies anew: npm ci");
  }
}

async function configOf({ config: file, data }: Flags): Promise<{ finding: Finding; config?: Config }> {
  const { ok, fail } = findings("config");
  try {
    const config = loadConfig(file, data === undefined ? {} : { data });
    await checkConfig(config);
    return { finding: ok("configuration", file ?? "none; all defaults"), config };
  } catch (error) {
    if (!(error instanceof Error && error.name === "ConfigError")) throw error;
    return { finding: fail("configuration", located(error, file), "all settings: docs/configuration.md") };
  }
}

function inspection(
  data: string,
  thorough: boolean,
): { finding: Finding; inspection?: Inspection | undefined } {
  try {
    const found = inspect(data, { thorough });
    return { finding: database(found), inspection: found };
  } catch (error) {
    const advice =
      "run it as the user of the server; is it a database that is damaged, restore the last backup";
    return { finding: findings("storage").fail("database", (error as Error).message, advice) };
  }
}

const MARKS = { ok: ["green", "✓"], warn: ["yellow", "!"], fail: ["red", "✗"] } as const;
const NAME_WIDTH = 18;

function show({ ending: _, ...finding }: Finding, look: ReturnType<typeof lookOf>): void {
  if (look === "json") return sayJson(finding);
  const { what, state, found, advice } = finding;
  const [colour, mark] = MARKS[state];
  const sign = look === "pretty" ? paint(colour, mark) : state.padEnd(4);
  say(`${sign} ${what.padEnd(NAME_WIDTH)} ${plain(found)}`);
  if (advice !== undefined)
    say(`${" ".repeat(look === "pretty" ? 2 : 5)}${"".padEnd(NAME_WIDTH)} → ${plain(advice)}`);
}
