/**
 * Writes what runs of `npm run bench` have measured into RESULTS.md, with plots:
 *
 *     npm run bench:report -- [FILE…] [--into bench/RESULTS.md]
 *
 * Without files: the latest run, `bench/results/latest.jsonl`. Of several files each should have other workloads.
 */
import { parseArgs } from "node:util";
import { RESULTS, writeReport } from "./report/write.ts";
import { LATEST } from "./support/output.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { into: { type: "string", default: RESULTS } },
});
writeReport(positionals.length > 0 ? positionals : [LATEST], values.into);
console.log(`written: ${values.into}`);
