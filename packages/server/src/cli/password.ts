import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { exitCodes } from "./exit.ts";

/** A password from stdin; at a terminal it is asked for and not shown. Without its line end. */
export async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).replace(/\r?\n$/, "");
  process.stderr.write("Password (it is not shown): ");
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silence, terminal: true });
  lines.on("SIGINT", () => process.exit(exitCodes.interrupted));
  lines.on("close", () => process.stderr.write("\n"));
  const password = await lines.question("");
  lines.close();
  return password;
}
