import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { keepEvidence } from "./evidence.ts";
import { judge, type Least, summary } from "./judge.ts";
import { listTwins, type Options, readOptions } from "./options.ts";
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
const REST_SECONDS = 300;

/** Runs it and exits: 0 when all is well, or when every twin that was asked for was found out. */
export async function runProgram(program: Program): Promise<void> {
  const options = readOptions();
  // An orderly exit takes servers and mounts along; the default end by a signal would leave them behind.
  if (options.twin === "list") listTwins(program.twins);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));
  const reason = program.lacks();
  if (reason !== undefined) {
    console.log(`SKIP ${program.name}: ${reason}`);
    process.exit(process.env.CI ? 1 : 0);
  }
  if (!options.built) buildServer();
  const twins = twinsOf(program, options.twin);
  if (twins.length === 0) process.exit((await isWell(program, options)) ? 0 : 1);
  let found = 0;
  for (const twin of twins) {
    // What a twin breaks shows by chance, and what it breaks beside may break the run off: it has a second one.
    const attempt = () => isFoundOut(program, options, twin);
    if ((await attempt()) || (await attempt())) found += 1;
  }
  process.exit(found === twins.length ? 0 : 1);
}

async function isWell(program: Program, options: Options): Promise<boolean> {
  const { cycles = program.cycles, seed } = options;
  const run = new Run({ name: program.name, main: realServer, cycles, seed });
  const { findings, anomalies } = await findingsOf(program, options, run);
  if (findings.length > 0) keepEvidence(run, anomalies);
  return findings.length === 0;
}

async function isFoundOut(program: Program, options: Options, [name, twin]: NamedTwin): Promise<boolean> {
  const { cycles = twin.cycles, seed } = options;
  const main = makeTwin(name, twin);
  const run = new Run({ name: `${program.name}-${name}`, main, cycles, seed });
  const { findings } = await findingsOf(program, options, run);
  const isFound = findings.some((finding) => twin.found.test(finding));
  if (!isFound) keepEvidence(run, []);
  console.log(isFound ? "found out" : `NOT found out: nothing like ${twin.found}; this run proves nothing`);
  return isFound;
}

/** Runs the program once and says what came of it. */
async function findingsOf(program: Program, options: Options, run: Run) {
  const limit = (REST_SECONDS + run.cycles * program.cycleSeconds) * 1000;
  const work = Promise.race([program.work(run), strayRejection()]);
  const broken = await within(limit, work, "the end of the run").then(() => undefined, inWords);
  const { anomalies, counts, faults } = judge(run, { ...program, ...options, broken });
  console.log(summary(run));
  console.log(`anomalies: ${counts || "none"}`);
  for (const [fault, all] of Map.groupBy(faults, String))
    console.log(`fault: ${fault}${all.length > 1 ? ` (${all.length} times)` : ""}`);
  return { anomalies, findings: [...anomalies.map(({ name }) => name), ...faults] };
}

/** What nobody waited for breaks the run off too, and is judged like the rest. */
function strayRejection(): Promise<never> {
  return new Promise((_, reject) => {
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", reject);
  });
}

function inWords(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

type NamedTwin = readonly [name: string, twin: Twin];

function twinsOf({ twins }: Program, name: string | undefined): NamedTwin[] {
  const all = Object.entries(twins);
  const chosen = name === "all" ? all : all.filter(([twin]) => twin === name);
  if (name !== undefined && chosen.length === 0)
    throw new Error(`--twin: all, or one of ${Object.keys(twins).join(", ")}`);
  return chosen;
}

/** The server under test is the built one; this builds what has changed. */
function buildServer(): void {
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-b", "packages/server"], { cwd: ROOT, stdio: "inherit" });
}
