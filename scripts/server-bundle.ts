/**
 * Makes the server few files in place of three hundred: packages/server/lib, of which its start takes about half the time.
 * What others wrote stays outside, as the dependencies of the package.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const SERVER = fileURLToPath(new URL("../packages/server", import.meta.url));
const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(SERVER, "package.json"), "utf8"));

rmSync(join(SERVER, "lib"), { recursive: true, force: true });
buildSync({
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
});
