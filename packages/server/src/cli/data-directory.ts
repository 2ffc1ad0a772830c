import { type Command, Option } from "commander";

/** Flags of commands that go to a data directory themselves. */
export function withDataDirectory(
  command: Command,
  config = "configuration that says where the data are",
): Command {
  return command
    .addOption(new Option("--config <file>", config).env("ROOMLOG_CONFIG"))
    .addOption(new Option("--data <directory>", "data directory (default: ./data)").env("ROOMLOG_DATA"));
}
