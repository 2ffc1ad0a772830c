/**
 * Makes the server few files in place of three hundred: packages/server/lib, of which its start takes about half the time.
 * What others wrote stays outside, as the dependencies of the package.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const SERVER = fileURLToPath(new URL("../packages/server", import.meta.url));
const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(SERVER, "package.json"), "utf8"));

const { outputFiles } = buildSync({
  absWorkingDir: SERVER,
  // All lie beside each other, as what they share does: the threads are found beside who starts them.
  entryPoints: {
    index: "src/index.ts",
    plugin: "src/core/plugin.ts",
    testing: "src/testing/index.ts",
    main: "src/cli/main.ts",
    reader: "src/store/sqlite/reader.ts",
    writer: "src/store/sqlite/writer.ts",
  },
  outdir: "lib",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22.18",
  conditions: ["source"],
  external: Object.keys({ ...dependencies, ...peerDependencies }).filter(
    (name) => !name.startsWith("@roomlog/"),
  ),
  sourcemap: true,
  sourcesContent: false,
  logLevel: "warning",
  write: false,
});

// What is there already stays untouched, and nothing is ever half written: a server may start from it meanwhile.
const lib = join(SERVER, "lib");
mkdirSync(lib, { recursive: true });
for (const { path, contents } of outputFiles) {
  if (existsSync(path) && readFileSync(path).equals(contents)) continue;
  writeFileSync(`${path}.new`, contents);
  renameSync(`${path}.new`, path);
}
const made = new Set(outputFiles.map(({ path }) => basename(path)));
for (const file of readdirSync(lib)) if (!made.has(file)) rmSync(join(lib, file));
