import { readdirSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Stop } from "../core/clock.ts";
import { counter, gauge, type Measure } from "../core/measures.ts";

/** The delay of the event loop is sampled this often, in milliseconds. */
const RESOLUTION_MS = 20;
const NS = 1e9;

/** What the process takes, under the names that Prometheus has for it, and how long its event loop is held up. */
export function processMeasures(): { readonly measures: readonly Measure[]; readonly stop: Stop } {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const measures: Measure[] = [
    gauge(
      "roomlog_event_loop_delay_seconds",
      "How late the event loop came to what was due, since the metrics were last asked for; 1 is the worst.",
      () => quantilesOf(delay),
      "quantile",
    ),
    counter("process_cpu_seconds_total", "Processor time of all threads, in seconds.", cpuSeconds),
    gauge("process_resident_memory_bytes", "Memory that is in use.", () => process.memoryUsage.rss()),
    gauge(
      "process_start_time_seconds",
      "When the process started, in seconds since 1970.",
      () => performance.timeOrigin / 1000,
    ),
    gauge(
      "nodejs_heap_size_used_bytes",
      "What JavaScript objects take of it.",
      () => process.memoryUsage().heapUsed,
    ),
    ...openFiles().map((read) => gauge("process_open_fds", "File descriptors that are open.", read)),
  ];
  return { measures, stop: () => void delay.disable() };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function quantilesOf(delay: ReturnType<typeof monitorEventLoopDelay>): Map<number, number> {
  const late = (ns: number) => Math.max(0, ns / NS - RESOLUTION_MS / 1000);
  const found = new Map([0.5, 0.99].map((quantile) => [quantile, late(delay.percentile(quantile * 100))]));
  found.set(1, delay.count === 0 ? 0 : late(delay.max));
  delay.reset();
  return found;
}

/** Where the system says it. */
function openFiles(): (() => number)[] {
  return process.platform === "linux" ? [() => readdirSync("/proc/self/fd").length] : [];
}
