/** The process of a load. The runner starts it and says what to do; see job.ts. */
import { setTimeout as sleep } from "node:timers/promises";
import { percentile } from "../support/numbers.ts";
import { cpuSeconds } from "../support/process.ts";
import type { Dialect } from "./dialect.ts";
import { fanout } from "./fanout.ts";
import type { FromLoad, Job, Round, Shape, ToLoad } from "./job.ts";
import type { Load, LoadOptions } from "./load.ts";
import { paced } from "./paced.ts";
import { roomlog } from "./roomlog.ts";
import { senders } from "./senders.ts";

/** From the start of a load until it runs evenly. */
const RAMP_MS = 200;
const dialects: Readonly<Record<string, Dialect>> = { roomlog };

let job: Job;
let load: Load;

process.on("message", (message: ToLoad) => {
  obey(message).then(tell, fail);
});
process.on("disconnect", () => process.exit());
process.on("uncaughtException", fail);

async function obey(message: ToLoad): Promise<FromLoad> {
  if (message.kind === "round") return { kind: "round", round: await round(message.seconds) };
  job = message.job;
  load = await open(job.shape);
  return { kind: "ready" };
}

function open(shape: Shape): Promise<Load> {
  const dialect = dialects[job.dialect];
  if (!dialect) throw new Error(`no dialect ${job.dialect}`);
  const options: LoadOptions = { url: job.url, dialect, answers: "batched" };
  switch (shape.kind) {
    case "senders":
      return senders(shape, options);
    case "fanout":
      return fanout(shape, options);
    case "paced":
      return paced(shape, options);
  }
}

async function round(seconds: number): Promise<Round> {
  load.start();
  await sleep(RAMP_MS);
  load.takeLatencies?.();
  const from = now();
  await sleep(seconds * 1000);
  const to = now();
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

function now() {
  const { user, system } = process.cpuUsage();
  return {
    at: performance.now() / 1000,
    done: load.done,
    server: job.pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0),
    own: (user + system) / 1e6,
  };
}

function latencyOf(latencies: readonly number[]) {
  return {
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    max: percentile(latencies, 100),
  };
}

function tell(message: FromLoad): void {
  process.send?.(message);
}

function fail(error: unknown): void {
  tell({ kind: "failed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
