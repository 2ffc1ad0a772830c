import { setTimeout as sleep } from "node:timers/promises";
import { percentile } from "../support/numbers.ts";
import { cpuSeconds } from "../support/process.ts";
import type { Round } from "./job.ts";
import type { Load } from "./load.ts";

/** From the start of a load until it runs evenly. */
const RAMP_MS = 200;

/** Runs a load for a while and looks at it and at the server's processes from the ramp's end on. */
export async function measured(load: Load, pids: readonly number[], seconds: number): Promise<Round> {
  load.start();
  await sleep(RAMP_MS);
  load.takeLatencies?.();
  const from = now(load, pids);
  await sleep(seconds * 1000);
  const to = now(load, pids);
  const latencies = load.takeLatencies?.();
  await load.stop();
  return {
    operations: to.done - from.done,
    seconds: to.at - from.at,
    server_cpu: to.server - from.server,
    load_cpu: to.own - from.own,
    ...(latencies && { latency: latencyOf(latencies) }),
  };
}

function now(load: Load, pids: readonly number[]) {
  const { user, system } = process.cpuUsage();
  return {
    at: performance.now() / 1000,
    done: load.done,
    server: pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0),
    own: (user + system) / 1e6,
  };
}

function latencyOf(latencies: readonly number[]) {
  const [p50, p99, max] = [50, 99, 100].map((percent) => percentile(latencies, percent) / 1000);
  return { p50_ms: p50 as number, p99_ms: p99 as number, max_ms: max as number };
}
