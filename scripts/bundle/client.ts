import { fileURLToPath } from "node:url";
import type { BuildOptions } from "esbuild";

/** How the client becomes one file for browsers. */
export const clientBuild = {
  absWorkingDir: fileURLToPath(new URL("../..", import.meta.url)),
  entryPoints: ["packages/client/src/index.ts"],
  outfile: "packages/client/dist/roomlog-client.js",
  bundle: true,
  format: "esm",
  target: "es2022",
  conditions: ["source"],
  minify: true,
  sourcemap: true,
  logLevel: "warning",
} satisfies BuildOptions;
