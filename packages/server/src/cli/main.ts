import { readFileSync } from "node:fs";
import { Command } from "commander";
import { serveCommand } from "./serve.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

await new Command("roomlog")
  .description("A server that gives rooms a durable, ordered message log.")
  .version(version)
  .addCommand(serveCommand())
  .showHelpAfterError('(run "roomlog --help" for all commands and flags)')
  .parseAsync();
