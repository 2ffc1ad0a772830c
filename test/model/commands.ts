import type * as fc from "fast-check";
import type { Run } from "./run.ts";
import type { Step } from "./steps.ts";
import { textOfStep } from "./text.ts";

/** A step as fast-check runs, shrinks and prints it. */
export class StepCommand implements fc.AsyncCommand<Run, Run> {
  readonly step: Step;

  constructor(step: Step) {
    this.step = step;
  }

  check(run: Readonly<Run>): boolean {
    return run.mayTake(this.step);
  }

  run(run: Run): Promise<void> {
    run.taken.push(this.step);
    return run.take(this.step);
  }

  toString(): string {
    return textOfStep(this.step);
  }
}
