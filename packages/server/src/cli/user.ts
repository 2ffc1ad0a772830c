import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { hashPassword } from "../auth/users.ts";
import { exitCodes } from "./exit.ts";

export function addUser(program: Command): void {
  program
    .command("user")
    .description("Users.")
    .command("hash")
    .description("Read a password from stdin and print its hash for `users` in the configuration.")
    .action(printHash);
}

async function printHash(): Promise<void> {
  if (process.stdin.isTTY) process.stderr.write("Password, then Enter and Ctrl-D (it is shown): ");
  const password = (await text(process.stdin)).replace(/\r?\n$/, "");
  if (password === "") {
    process.stderr.write("roomlog: no password on stdin\n");
    process.exitCode = exitCodes.usage;
    return;
  }
  process.stdout.write(`${await hashPassword(password)}\n`);
}
