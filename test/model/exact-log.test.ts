import * as fc from "fast-check";
import { afterAll, beforeAll, test } from "vitest";
import { step } from "./arbitraries.ts";
import { StepCommand } from "./commands.ts";
import { Real } from "./real.ts";
import { regressions } from "./regressions.ts";
import { Run } from "./run.ts";
import type { Step } from "./steps.ts";

const { MODEL_RUNS = "200", MODEL_SEED, MODEL_PATH, MODEL_REPLAY } = process.env;
const RUNS = Number(MODEL_RUNS);
const SEED = Number(MODEL_SEED ?? Date.now() % 1_000_000_000);
const STEPS = 44;
/** A run takes some ten milliseconds; a busy machine, or finding the shortest run that fails, takes more. */
const MOST_MS = 120_000 + RUNS * 1000;

let real: Real;
let runs = 0;
/** The steps of the last run that failed. */
let failed: readonly Step[] = [];

beforeAll(async () => {
  real = await Real.start();
});

afterAll(() => real.stop());

/** A run from its first step to the check of every log at the end. */
async function inRun(work: (run: Run) => Promise<void>): Promise<void> {
  const run = await Run.open(real, `run${++runs}`);
  try {
    await work(run);
    await run.finish();
  } catch (error) {
    failed = run.taken;
    throw error;
  } finally {
    await run.close();
  }
}

test.for(regressions)("$title", ({ steps }) =>
  inRun(async (run) => {
    for (const one of steps) await run.take(one);
  }),
);

test("[E7, E9, F6, L10, M3, M4, M8–M13, M15–M24, O7] the log is exact whatever happens", {
  timeout: MOST_MS + 60_000,
}, async () => {
  console.log(`model test: ${RUNS} runs, MODEL_SEED=${SEED}`);
  const property = fc.asyncProperty(commands(), (chosen) =>
    inRun((run) => fc.asyncModelRun(() => ({ model: run, real: run }), chosen)),
  );
  const result = await fc.check(property, {
    numRuns: RUNS,
    seed: SEED,
    ...(MODEL_PATH !== undefined && { path: MODEL_PATH }),
    interruptAfterTimeLimit: MOST_MS,
    markInterruptAsFailure: true,
  });
  if (result.failed) throw new Error(report(result));
});

function commands() {
  const options = { maxCommands: STEPS, size: "max" } as const;
  const replay = MODEL_REPLAY === undefined ? {} : { replayPath: MODEL_REPLAY };
  return fc.commands([step.map((one) => new StepCommand(one))], { ...options, ...replay });
}

function report<Ts>(result: fc.RunDetails<Ts>): string {
  const why = result.errorInstance instanceof Error ? result.errorInstance.message : "";
  const steps = failed.map((one) => `      ${JSON.stringify(one)},\n`).join("");
  return `${fc.defaultReportMessage(result)}\n\n${why}\n\nfor test/model/regressions.ts:\n${steps}`;
}
