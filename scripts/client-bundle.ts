/**
 * Makes the client one file for browsers: packages/client/dist/roomlog-client.js, an ESM module with nothing left to
 * import. Prints its size; over the limit it fails.
 */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

const FILE = "packages/client/dist/roomlog-client.js";
const MOST_BYTES = 10_240;

buildSync({
  absWorkingDir: new URL("..", import.meta.url).pathname,
  entryPoints: ["packages/client/src/index.ts"],
  outfile: FILE,
  bundle: true,
  format: "esm",
  target: "es2022",
  conditions: ["source"],
  minify: true,
  sourcemap: true,
  logLevel: "warning",
});
const file = readFileSync(new URL(`../${FILE}`, import.meta.url));
const bytes = gzipSync(file, { level: 9 }).length;
console.log(`${FILE}: ${file.length} bytes, ${bytes} gzipped (at most ${MOST_BYTES})`);
if (bytes > MOST_BYTES) process.exit(1);
