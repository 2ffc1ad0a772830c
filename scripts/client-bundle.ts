/**
 * Makes the client one file for browsers: packages/client/dist/roomlog-client.js, an ESM module with nothing left to
 * import. Prints its size; over the limit it fails.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";
import { clientBuild } from "./bundle/client.ts";

const MOST_BYTES = 10_240;

buildSync(clientBuild);
const { absWorkingDir, outfile } = clientBuild;
const file = readFileSync(join(absWorkingDir, outfile));
const bytes = gzipSync(file, { level: 9 }).length;
console.log(`${outfile}: ${file.length} bytes, ${bytes} gzipped (at most ${MOST_BYTES})`);
if (bytes > MOST_BYTES) process.exit(1);
