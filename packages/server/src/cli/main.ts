import { readFileSync } from "node:fs";
import { Command } from "commander";
import { exitCodes } from "./exit.ts";
import { addServe } from "./serve.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

const program = new Command("roomlog")
  .description("A server that gives rooms a durable, ordered message log.")
  .version(version)
  .showHelpAfterError('(run "roomlog --help", or "roomlog serve --help", for what there is)')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? exitCodes.ok : exitCodes.usage));
addServe(program);
await program.parseAsync();
