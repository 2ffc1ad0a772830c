import type { Round } from "../load/job.ts";
import { median } from "./numbers.ts";

/** What is kept of one round: a line of JSON. */
export interface Line extends Figures {
  readonly workload: string;
  /** Empty where a workload has one case only. */
  readonly case: string;
  readonly system: string;
  readonly round: number;
  readonly at: string;
}

interface Figures {
  readonly operations: number;
  readonly per_second?: number;
  /** CPU of the server's processes per operation, µs. */
  readonly cpu_us?: number;
  /** CPU of the server's and the load's processes, in cores. */
  readonly server_cores?: number;
  readonly load_cores?: number;
  readonly p50_ms?: number;
  readonly p99_ms?: number;
  readonly max_ms?: number;
  readonly kib_each?: number;
  readonly ms_each?: number;
}

export type FigureName = Exclude<keyof Figures, "operations">;

/** How figures are called in tables. */
export const figureNames: Readonly<Record<FigureName, string>> = {
  cpu_us: "server µs CPU each",
  per_second: "a second",
  p50_ms: "p50 ms",
  p99_ms: "p99 ms",
  max_ms: "max ms",
  kib_each: "KiB RSS each",
  ms_each: "ms each",
  server_cores: "server cores",
  load_cores: "load cores",
};

export function figuresOf({ operations, seconds, server_cpu, load_cpu, latency, kib_each }: Round): Figures {
  if (kib_each !== undefined) return { operations, kib_each };
  if (seconds === undefined) return { operations };
  if (server_cpu === undefined || load_cpu === undefined)
    return { operations, ms_each: (seconds * 1000) / operations };
  return {
    operations,
    cpu_us: (server_cpu * 1e6) / operations,
    per_second: operations / seconds,
    ...latency,
    server_cores: server_cpu / seconds,
    load_cores: load_cpu / seconds,
  };
}

/** The lines of each case and system, in the order in which they came. */
export function grouped(lines: readonly Line[]): Line[][] {
  return [...Map.groupBy(lines, (line) => `${line.case}\n${line.system}`).values()];
}

/** The figures that these lines have. */
export function figuresIn(lines: readonly Line[]): FigureName[] {
  return (Object.keys(figureNames) as FigureName[]).filter((name) =>
    lines.some((line) => line[name] !== undefined),
  );
}

/** A table: one row for each case and system. */
export function tableOf(lines: readonly Line[]): string[][] {
  const names = figuresIn(lines);
  const heads = ["case", "system", ...names.map((name) => figureNames[name])];
  const rows = grouped(lines).map((own) => [
    own[0]?.case ?? "",
    own[0]?.system ?? "",
    ...names.map((name) => range(own.map((line) => line[name] ?? Number.NaN))),
  ]);
  const hasCases = lines.some((line) => line.case !== "");
  return [heads, ...rows].map((row) => (hasCases ? row : row.slice(1)));
}

/** Median, lowest and highest. */
function range(values: readonly number[]): string {
  if (values.some(Number.isNaN)) return "–";
  return `${short(median(values))} (${short(Math.min(...values))} – ${short(Math.max(...values))})`;
}

/** Three digits that mean something. */
export function short(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return Number(value.toPrecision(3)).toString();
}

export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((text, i) => text.padEnd(widths[i] ?? 0)).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}
