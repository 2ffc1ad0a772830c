import { readFileSync } from "node:fs";
import type { Line } from "../support/lines.ts";
import type { RunHead } from "../support/machine.ts";

/** A file that `npm run bench` has written. */
export interface Run {
  readonly head: RunHead;
  readonly lines: readonly Line[];
}

/** Reads such a file; refuses one of a run that only tried the programs. */
export function readRun(file: string): Run {
  const [head, ...lines] = readFileSync(file, "utf8").trim().split("\n");
  const run = {
    head: JSON.parse(head ?? "") as RunHead,
    lines: lines.map((line) => JSON.parse(line) as Line),
  };
  if (run.head.size === "small") throw new Error(`${file} was made with --small: its figures say nothing.`);
  return run;
}
