import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { atExit } from "../../fault/frame/at-exit.ts";
import { ROOT } from "../../fault/frame/root.ts";
import { makeTwin, moduleText, type Patch, patched } from "../../fault/frame/twins.ts";
import type { Fuzzer } from "./fuzzer.ts";

const PROTOCOL = join(ROOT, "packages/protocol");
const TWINS = join(ROOT, "node_modules/.cache/roomlog-twins");

/** Where what is fuzzed has been built. */
export function realHome({ part }: Fuzzer): string {
  return join(ROOT, "packages", part ?? "server");
}

/** The same, broken on purpose. */
export function twinHome({ name, part }: Fuzzer, patches: readonly Patch[]): string {
  if (part === "protocol") return protocolTwin(patches);
  return dirname(dirname(makeTwin(`fuzz-${name}`, { patches, found: /./, cycles: 1 })));
}

function protocolTwin(patches: readonly Patch[]): string {
  mkdirSync(TWINS, { recursive: true });
  const home = mkdtempSync(join(TWINS, "fuzz-protocol-"));
  atExit(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, "dist"));
  writeFileSync(join(home, "package.json"), '{"type":"module"}');
  for (const patch of patches)
    writeFileSync(join(home, "dist", patch.file), patched(moduleText(patch.file, PROTOCOL), patch));
  return home;
}
