import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { keepEvidence } from "./evidence.ts";
import { judge, type Least, summary } from "./judge.ts";
import { type Options, readOptions } from "./options.ts";
import { ROOT } from "./root.ts";
import { Run } from "./run.ts";
import { makeTwin, realServer, type Twin } from "./twins.ts";
import { within } from "./within.ts";

/** A fault and what is done with it. */
export interface Program {
  readonly name: string;
  /** How often, when nothing is said. */
  readonly cycles: number;
  /** Longest time of a cycle, in seconds; beyond it the run is broken off. */
  readonly cycleSeconds: number;
  readonly least: Least;
  /** Whether the server itself has to call what happens an error. */
  readonly logsErrors: boolean;
  readonly twins: Readonly<Record<string, Twin>>;
  /** Why it cannot run on this machine; undefined when it can. */
  readonly lacks: () => string | undefined;
  /** Brings the fault upon the server again and again. What it throws breaks the run off. */
  readonly work: (run: Run) => Promise<void>;
}

/** Longest time of what is no cycle: the start, the end and the reading. */
const REST_SECONDS = 120;

/** Runs it and exits: 0 when all is well, or when the twin was found out. */
export async function runProgram(program: Program): Promise<void> {
  const options = readOptions(program);
  // An orderly exit takes servers and mounts along; the default end by a signal would leave them behind.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));
  const reason = program.lacks();
  if (reason !== undefined) {
    console.log(`SKIP ${program.name}: ${reason}`);
    process.exit(process.env.CI ? 1 : 0);
  }
  if (!options.built) buildServer();
  process.exit((await isWell(program, options)) ? 0 : 1);
}

async function isWell(program: Program, options: Options): Promise<boolean> {
  const twin = twinOf(program, options.twin);
  const main = twin ? makeTwin(options.twin ?? "", twin) : realServer;
  const run = new Run(options, { name: program.name, main });
  const limit = (REST_SECONDS + options.cycles * program.cycleSeconds) * 1000;
  const broken = await within(limit, program.work(run), "the end of the run").then(() => undefined, String);
  const verdict = judge(run, { ...program, ...options, broken });
  console.log(summary(run, program.name, options));
  console.log(`anomalies: ${verdict.counts || "none"}`);
  for (const fault of verdict.faults) console.log(`fault: ${fault}`);
  const findings = [...verdict.anomalies.map(({ name }) => name), ...verdict.faults];
  if (twin) return foundOut(run, twin, findings);
  if (findings.length > 0) keepEvidence(run, verdict.anomalies);
  return findings.length === 0;
}

function foundOut(run: Run, { found }: Twin, findings: readonly string[]): boolean {
  const isFound = findings.some((finding) => found.test(finding));
  console.log(
    isFound ? "the twin was found out" : `fault: nothing like ${found} was found: this run proves nothing`,
  );
  if (!isFound) keepEvidence(run, []);
  return isFound;
}

function twinOf({ twins }: Program, name: string | undefined): Twin | undefined {
  if (name === undefined) return undefined;
  if (!Object.hasOwn(twins, name)) throw new Error(`--twin: one of ${Object.keys(twins).join(", ")}`);
  return twins[name];
}

/** The server under test is the built one; this builds what has changed. */
function buildServer(): void {
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-b", "packages/server"], { cwd: ROOT, stdio: "inherit" });
}
