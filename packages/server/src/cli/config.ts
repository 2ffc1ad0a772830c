import type { Command } from "commander";
import { loadConfig } from "../config/load.ts";
import { checkConfig } from "../server.ts";
import { report } from "./report.ts";

export function define(command: Command): void {
  command
    .command("check <file>")
    .description("Check a configuration without starting the server; exit code 78 when it is wrong.")
    .action(check);
}

async function check(file: string): Promise<void> {
  try {
    await checkConfig(loadConfig(file, {}));
    process.stdout.write(`${file} is fine\n`);
  } catch (error) {
    process.exitCode = report(error, file);
  }
}
