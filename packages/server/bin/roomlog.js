#!/usr/bin/env node
import "./check-node.js";
import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";

const main = new URL("../lib/main.js", import.meta.url);

/**
 * MiB that young objects may take (V8). By default it grows to 64 while many clients connect and hardly shrinks again,
 * which nearly doubles the memory of an idle session. It can only be set when Node starts.
 */
const YOUNG = "--max-semi-space-size";
const isSet = [...process.execArgv, process.env.NODE_OPTIONS ?? ""].some((option) => option.includes(YOUNG));
if (process.argv[2] === "serve" && !isSet && process.platform !== "win32") {
  const args = [process.execPath, `${YOUNG}=16`, ...process.execArgv, ...process.argv.slice(1)];
  process.execve(process.execPath, args, { ...compileCache(process.env), ...process.env });
}
if (!existsSync(main)) {
  console.error('This checkout is not built yet: run "npm start", or "npm run build" once.');
  process.exit(1);
}
await import(main.href);

/** Where Node keeps the compiled modules of all threads from one start to the next; it goes without if it cannot. */
function compileCache({ HOME = "", XDG_CACHE_HOME = join(HOME, ".cache") }) {
  return isAbsolute(XDG_CACHE_HOME) ? { NODE_COMPILE_CACHE: join(XDG_CACHE_HOME, "roomlog") } : {};
}
