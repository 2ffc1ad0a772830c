import * as fc from "fast-check";
import type { Figures, Fuzzer, Target } from "./fuzzer.ts";
import { regressionsOf } from "./regressions.ts";

export interface RunOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Where the server is built. */
  readonly home: string;
  /** Stops at the first input found, however large it is. */
  readonly isQuick?: boolean;
  readonly progress?: (so: Report) => void;
}

export interface Report {
  readonly name: string;
  readonly cases: number;
  readonly seconds: number;
  readonly figures?: Figures | undefined;
  /** Bytes in use when everything had been used once. */
  readonly baseHeap?: number | undefined;
  readonly failure?: Failure | undefined;
}

interface Failure {
  /** Starts the batch in which it was found. */
  readonly seed: number;
  readonly message: string;
  /** The smallest input found that does it; undefined when no single one does. */
  readonly input?: unknown;
}

/** Batches before the heap is taken for a base: caches and compiled code come first. */
const WARM_BATCHES = 8;
/** What may be added to it, and what is too little to be judged. */
const HEAP_GROWTH = 0.1;
const HEAP_NOISE = 2 * 1024 * 1024;

/** Fuzzes for some seconds, or until something is found. Batch number n begins with the seed + n. */
export async function run(fuzzer: Fuzzer, options: RunOptions): Promise<Report> {
  const target = await fuzzer.open(options.home);
  const began = performance.now();
  let report: Report = { name: fuzzer.name, cases: 0, seconds: 0 };
  try {
    report = { ...report, ...(await runKnown(fuzzer, target, options.seed)) };
    for (let n = 0; ; n++) {
      const left = options.seconds * 1000 - (performance.now() - began);
      if (left <= 0 || report.failure) break;
      const batch = { seed: options.seed + n, left, n, report, isQuick: options.isQuick ?? false };
      report = { ...report, ...(await runBatch(fuzzer, target, batch)) };
      report = { ...report, seconds: (performance.now() - began) / 1000 };
      options.progress?.(report);
    }
    return report;
  } finally {
    await target.close();
  }
}

/** What was written by hand, and what was found before. */
async function runKnown(fuzzer: Fuzzer, target: Target<unknown>, seed: number): Promise<Partial<Report>> {
  const inputs = [...(fuzzer.written ?? []), ...regressionsOf(fuzzer.name)];
  for (const [i, input] of inputs.entries()) {
    const message = await target.check(input).then(() => undefined, inWords);
    if (message !== undefined) return { cases: i + 1, failure: { seed, message, input } };
  }
  return { cases: inputs.length };
}

interface Batch {
  readonly seed: number;
  /** Milliseconds that are left. */
  readonly left: number;
  readonly n: number;
  readonly isQuick: boolean;
  readonly report: Report;
}

async function runBatch(fuzzer: Fuzzer, target: Target<unknown>, batch: Batch): Promise<Partial<Report>> {
  const { seed, left, n, isQuick, report } = batch;
  const property = fc.asyncProperty(fuzzer.inputs, (input) => target.check(input));
  const result = await fc.check(property, {
    seed,
    numRuns: fuzzer.batch,
    interruptAfterTimeLimit: Math.max(left, 1000),
    markInterruptAsFailure: false,
    endOnFailure: isQuick,
  });
  const cases = report.cases + result.numRuns;
  // Interrupted before the first input was done, it calls itself failed too.
  if (result.failed && result.counterexample !== null) {
    return {
      cases,
      failure: { seed, message: inWords(result.errorInstance), input: result.counterexample[0] },
    };
  }
  const figures = await target.figures?.();
  const baseHeap = report.baseHeap ?? (n >= WARM_BATCHES ? figures?.heap : undefined);
  const grown = figures && baseHeap !== undefined ? figures.heap - baseHeap : 0;
  if (baseHeap === undefined || grown < Math.max(HEAP_NOISE, baseHeap * HEAP_GROWTH))
    return { cases, figures, baseHeap };
  const message = `the heap has grown from ${inMiB(baseHeap)} to ${inMiB(baseHeap + grown)} MiB`;
  return { cases, figures, baseHeap, failure: { seed, message } };
}

function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function inMiB(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
