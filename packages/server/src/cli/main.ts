import { Command } from "commander";
import { version } from "../version.ts";
import { addConfig } from "./config.ts";
import { exitCodes } from "./exit.ts";
import { addServe } from "./serve.ts";
import { addUser } from "./user.ts";

const program = new Command("roomlog")
  .description("A server that gives rooms a durable, ordered message log.")
  .version(version)
  .showHelpAfterError('(run "roomlog --help", or "roomlog serve --help", for what there is)')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? exitCodes.ok : exitCodes.usage));
addServe(program);
addUser(program);
addConfig(program);
await program.parseAsync();
