import { type Command, Option } from "commander";
import { loadConfig, referredValues } from "../config/load.ts";
import { attempt } from "./failure.ts";
import { say, sayJson } from "./output.ts";

export function define(command: Command): void {
  command
    .command("check <file>")
    .description("Check a configuration without starting the server; exit code 78 when it is wrong.")
    .action((file: string) => attempt(() => check(file), file));
  command
    .command("show [file]")
    .description("The configuration as it holds, with every default; secrets are hidden.")
    .addOption(new Option("--config <file>", "the same as [file]").env("ROOMLOG_CONFIG"))
    .option("--json", "as JSON")
    .action((file: string | undefined, flags: { readonly config?: string; readonly json?: true }) =>
      attempt(() => show(file ?? flags.config, flags), file ?? flags.config),
    );
}

async function check(file: string): Promise<void> {
  const { checkConfig } = await import("../setups.ts");
  await checkConfig(loadConfig(file, {}));
  say(`${file} is fine`);
}

async function show(file: string | undefined, { json }: { readonly json?: true }): Promise<void> {
  const shown = withoutSecrets(loadConfig(file, {}), file === undefined ? [] : referredValues(file));
  if (json) return sayJson(shown);
  const { stringify } = await import("yaml");
  say(stringify(shown).trimEnd());
}

const HIDDEN = "(hidden)";

/** By their names, as `password` and `secret`, or because the file refers to them with `!env` and `!file`; of a URL its password and its query. */
const SECRET_NAME = /secret|passw|token|credential|private|api_?key/i;

function withoutSecrets(config: object, referred: readonly string[]): unknown {
  const hide = (name: string, value: unknown) => {
    if (typeof value !== "string") return value;
    if (SECRET_NAME.test(name) || referred.includes(value)) return HIDDEN;
    return value
      .replace(/(?<=\/\/[^/@]*:)[^/@]+(?=@)/, HIDDEN)
      .replace(/(?<=^[a-z][a-z\d+.-]*:\/\/[^?]*\?).+/is, HIDDEN);
  };
  return JSON.parse(JSON.stringify(config, hide));
}
