import { ConfigError } from "../config/config.ts";
import { withLines } from "../config/load.ts";
import { StoreError } from "../store/store.ts";
import { exitCodes } from "./exit.ts";

/** Says why the server cannot start; gives back the exit code. What is neither configuration nor store is thrown. */
export function report(error: unknown, file: string | undefined): number {
  if (error instanceof StoreError) {
    process.stderr.write(`roomlog: ${error.message}\n`);
    return exitCodes.storage;
  }
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`roomlog: ${located(error, file)}\n`);
  process.stderr.write("All settings: docs/configuration.md\n");
  return exitCodes.config;
}

/** What is wrong, with the lines of the file; one that cannot be read has none. */
export function located({ message }: ConfigError, file: string | undefined): string {
  if (file === undefined) return message;
  try {
    return withLines(message, file);
  } catch {
    return message;
  }
}
