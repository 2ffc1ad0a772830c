/**
 * Fuzzes the built server until something is found or the time is over:
 *
 *     npm run fuzz -- --seconds 600 [--only NAME] [--seed N]
 *
 * Each fuzzer has so many seconds. What was found is printed with its seed, and its smallest input kept in `corpus/`.
 */
import { parseArgs } from "node:util";
import { realHome } from "./frame/homes.ts";
import { keep } from "./frame/regressions.ts";
import { inMiB, type Report, run } from "./frame/run.ts";
import { fuzzers } from "./fuzzers/index.ts";

const PROGRESS_MS = 15_000;

const text = { type: "string" } as const;
const { values } = parseArgs({ options: { seconds: text, only: text, seed: text } });
const seconds = Number(values.seconds ?? 60);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const chosen = fuzzers.filter(({ name }) => values.only === undefined || name === values.only);
if (!(seconds > 0) || !Number.isInteger(seed)) throw new Error("--seconds: a number; --seed: a whole number");
if (chosen.length === 0) throw new Error(`--only: one of ${fuzzers.map(({ name }) => name).join(", ")}`);
// An orderly exit takes the servers along.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

let failures = 0;
for (const fuzzer of chosen) {
  console.log(`${fuzzer.name}: seed ${seed}, ${seconds} s`);
  let told = performance.now();
  const progress = (so: Report) => {
    if (performance.now() - told < PROGRESS_MS) return;
    told = performance.now();
    console.log(`  ${inWords(so)}`);
  };
  const report = await run(fuzzer, { seconds, seed, home: realHome(fuzzer), progress });
  console.log(`${fuzzer.name}: ${inWords(report)}`);
  if (report.failure) tell(fuzzer.name, report.failure);
}
process.exit(failures === 0 ? 0 : 1);

function tell(fuzzer: string, { seed, message, input }: NonNullable<Report["failure"]>): void {
  failures += 1;
  console.log(`FOUND by ${fuzzer}: ${message}`);
  console.log(`again: npm run fuzz -- --only ${fuzzer} --seed ${seed}`);
  if (input !== undefined)
    console.log(`input: ${keep({ fuzzer, found: message.slice(0, 500), seed, input })}`);
}

function inWords({ cases, seconds, figures, baseHeap }: Report): string {
  const pace = `${cases} cases, ${Math.round(cases / Math.max(seconds, 0.001))}/s`;
  if (!figures) return pace;
  const { cpuMs, wallMs, heap } = figures;
  const base = baseHeap === undefined ? "" : ` (base ${inMiB(baseHeap)})`;
  return `${pace}, longest turn ${cpuMs.toFixed(1)} ms of CPU (${wallMs.toFixed(1)} ms by the clock), heap ${inMiB(heap)}${base} MiB`;
}
