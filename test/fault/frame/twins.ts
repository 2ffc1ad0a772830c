import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { atExit } from "./at-exit.ts";
import { ROOT } from "./root.ts";

/** A text of a compiled module that becomes another; it stands there exactly once. */
export interface Patch {
  /** Below `packages/server/dist`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A server with one planted fault: a program that does not find it proves nothing. */
export interface Twin {
  readonly patches: readonly Patch[];
  /** What the program has to report: the name of an anomaly, or a fault in words. */
  readonly found: RegExp;
  /** How often the fault of the program is enough to bring that out. */
  readonly cycles: number;
}

const SERVER = join(ROOT, "packages/server");
const TWINS = join(ROOT, "node_modules/.cache/roomlog-twins");
const MAIN = "bin/roomlog.js";

/** The command line of the server as its users start it. */
export const realServer = join(SERVER, MAIN);

/**
 * Builds the twin below the repository, where its imports resolve; returns its command line. It runs by modules, where the
 * released server runs by what they are bundled to.
 */
export function makeTwin(name: string, { patches }: Twin): string {
  mkdirSync(TWINS, { recursive: true });
  const home = mkdtempSync(join(TWINS, `${name}-`));
  atExit(() => rmSync(home, { recursive: true, force: true }));
  for (const part of ["bin", "dist", "page", "package.json"])
    cpSync(join(SERVER, part), join(home, part), { recursive: true });
  const own = join(SERVER, "node_modules");
  if (existsSync(own)) symlinkSync(own, join(home, "node_modules"));
  mkdirSync(join(home, "lib"));
  writeFileSync(join(home, "lib/main.js"), 'import "../dist/cli/main.js";\n');
  writeFileSync(join(home, "lib/index.js"), 'export * from "../dist/index.js";\n');
  for (const patch of patches)
    writeFileSync(join(home, "dist", patch.file), patched(moduleText(patch.file, home), patch));
  return join(home, MAIN);
}

/** The text of a module with a patch. Throws when it has no place there, or several: a twin must be broken. */
export function patched(text: string, { file, from, to }: Patch): string {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`twin: ${file} has ${parts.length - 1} times: ${from}`);
  return parts.join(to);
}

/** The text of a built module, as it is in `home`. */
export function moduleText(file: string, home = SERVER): string {
  return readFileSync(join(home, "dist", file), "utf8");
}
