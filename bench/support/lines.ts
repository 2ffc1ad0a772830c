import type { Round } from "../load/job.ts";
import { median } from "./numbers.ts";

/** What is kept of one round: a line of JSON. */
export interface Line {
  readonly workload: string;
  readonly system: string;
  readonly round: number;
  readonly at: string;
  readonly operations: number;
  readonly per_second: number;
  /** CPU of the server's processes per operation, µs. */
  readonly cpu_us: number;
  /** CPU of the server's and the load's processes, in cores. */
  readonly server_cores: number;
  readonly load_cores: number;
  readonly p50_ms?: number;
  readonly p99_ms?: number;
  readonly max_ms?: number;
}

export function lineOf(workload: string, system: string, round: number, figures: Round): Line {
  const { operations, seconds, server_cpu, load_cpu, latency } = figures;
  return {
    workload,
    system,
    round,
    at: new Date().toISOString(),
    operations,
    per_second: rounded(operations / seconds),
    cpu_us: rounded((server_cpu * 1e6) / operations),
    server_cores: rounded(server_cpu / seconds),
    load_cores: rounded(load_cpu / seconds),
    ...(latency && {
      p50_ms: rounded(latency.p50 / 1000),
      p99_ms: rounded(latency.p99 / 1000),
      max_ms: rounded(latency.max / 1000),
    }),
  };
}

/** Three decimals. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** A table for the terminal: one row a system. */
export function table(lines: readonly Line[], unit: string): string {
  const hasLatency = lines.some(({ p50_ms }) => p50_ms !== undefined);
  const heads = ["system", `${unit}/s`, "µs CPU each", "server cores", "load cores"];
  if (hasLatency) heads.push("p50 ms", "p99 ms", "max ms");
  const systems = [...new Set(lines.map(({ system }) => system))];
  const rows = systems.map((system) => {
    const own = lines.filter((line) => line.system === system);
    const cells = [
      range(own.map(({ per_second }) => per_second)),
      range(own.map(({ cpu_us }) => cpu_us)),
      range(own.map(({ server_cores }) => server_cores)),
      range(own.map(({ load_cores }) => load_cores)),
    ];
    const latencies = (["p50_ms", "p99_ms", "max_ms"] as const).map((key) =>
      range(own.map((line) => line[key] ?? Number.NaN)),
    );
    return [system, ...cells, ...(hasLatency ? latencies : [])];
  });
  return aligned([heads, ...rows]);
}

/** Median, lowest and highest. */
function range(values: readonly number[]): string {
  return `${short(median(values))} (${short(Math.min(...values))} – ${short(Math.max(...values))})`;
}

/** Three digits that mean something. */
function short(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return Number(value.toPrecision(3)).toString();
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((text, i) => (i === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[i] ?? 0))).join("  ");
  return rows.map(line).join("\n");
}
