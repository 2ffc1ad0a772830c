import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "./at-exit.ts";

const SOURCES = join(import.meta.dirname, "../native");

/** Compiles `native/<name>.c` into a directory that is gone when this program ends; returns the file. */
export function compile(name: string, flags: readonly string[] = []): string {
  const home = mkdtempSync(join(tmpdir(), "roomlog-native-"));
  atExit(() => rmSync(home, { recursive: true, force: true }));
  const file = join(home, name);
  const args = ["-O2", "-Wall", "-Wextra", ...flags, "-o", file, join(SOURCES, `${name}.c`)];
  execFileSync("gcc", args, { stdio: "inherit" });
  return file;
}
