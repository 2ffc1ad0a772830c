import { availableParallelism, loadavg } from "node:os";

/** Whether something took too long, also for a machine that is as busy as this one has been in the last minute. */
export function exceeds(ms: number, limit: number): boolean {
  const [lastMinute = 0] = loadavg();
  return ms > limit * Math.max(1, lastMinute / availableParallelism());
}
