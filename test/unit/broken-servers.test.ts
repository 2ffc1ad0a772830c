import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clientTwins } from "../fault/client/twins.ts";
import { broken } from "../fault/frame/broken-servers.ts";
import { ROOT } from "../fault/frame/root.ts";
import { moduleText, type Patch, patched } from "../fault/frame/twins.ts";

const twins: [string, readonly Patch[]][] = Object.entries(broken);

test.each(twins)("the built server can be broken: %s", (_, patches) => {
  const texts = new Map(patches.map(({ file }) => [file, moduleText(file)]));
  for (const patch of patches) texts.set(patch.file, patched(texts.get(patch.file) ?? "", patch));
  for (const [file, text] of texts) expect(text).not.toBe(moduleText(file));
});

test.each(Object.entries(clientTwins))("the client can be broken: %s", (_, { patches }) => {
  for (const patch of patches)
    patched(readFileSync(join(ROOT, "packages/client/src", patch.file), "utf8"), patch);
});
