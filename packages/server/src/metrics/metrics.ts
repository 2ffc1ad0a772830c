import type { Counter, Gauge, Metric, Registry } from "@prometheus-io/client";
import type { Measure } from "../core/measures.ts";
import type { Commit } from "../store/managed.ts";
import { Buckets } from "./buckets.ts";

/** What is measured: the server by itself, and each of its services. */
export interface Measured {
  readonly server: readonly Measure[];
  readonly services: Iterable<{ readonly name: string; readonly measures: readonly Measure[] }>;
}

/** Writes of one commit. */
const WRITES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
/** Seconds. */
const DURATIONS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/**
 * What `/metrics` answers (O3). Numbers are gathered when it is asked for; only commits are seen one by one. The library
 * that writes them takes 11 MiB with what it loads, so who never asks does without. Each server has metrics of its own.
 */
export class Metrics {
  readonly #measured: () => Measured;
  readonly #writes = new Buckets("roomlog_commit_writes", "Writes that one commit made durable.", WRITES);
  readonly #commit = new Buckets(
    "roomlog_commit_seconds",
    "Time of a commit as the writes in it see it, the way to the storage thread included.",
    DURATIONS,
  );
  readonly #sync = new Buckets(
    "roomlog_commit_sync_seconds",
    "Time in which the storage thread waits for the disk: SQLite's COMMIT with its fsync.",
    DURATIONS,
  );

  constructor(measured: () => Measured) {
    this.#measured = measured;
  }

  committed({ writes, started, ended, sync_ms }: Commit): void {
    this.#writes.observe(writes);
    this.#commit.observe((ended - started) / 1000);
    if (sync_ms !== undefined) this.#sync.observe(sync_ms / 1000);
  }

  /** In Prometheus' text format. */
  async text(): Promise<{ readonly type: string; readonly body: string }> {
    const library = await import("@prometheus-io/client");
    const registry = new library.Registry();
    // All that a registry wants of a metric is its name and `get`.
    for (const each of [this.#writes, this.#commit, this.#sync])
      registry.registerMetric(each as unknown as Metric<never>);
    const { server, services } = this.#measured();
    for (const measure of server) show({ ...library, registry }, measure, {});
    for (const { name, measures } of services)
      for (const measure of measures) show({ ...library, registry }, measure, { service: name });
    return { type: registry.contentType, body: await registry.metrics() };
  }
}

type Library = Pick<typeof import("@prometheus-io/client"), "Counter" | "Gauge"> & {
  readonly registry: Registry;
};
type Labels = Record<string, string>;

/** Adds what is measured to the metric of that name, which services share. */
function show(library: Library, measure: Measure, labels: Labels): void {
  const { name, label, read } = measure;
  const found = library.registry.getSingleMetric(name) ?? metricOf(library, measure, Object.keys(labels));
  const metric = found as Counter<string> | Gauge<string>;
  const value = read();
  if (typeof value === "number") return metric.inc(labels, value);
  for (const [key, number] of value) metric.inc({ ...labels, [label as string]: String(key) }, number);
}

function metricOf({ registry, Counter, Gauge }: Library, measure: Measure, labels: readonly string[]) {
  const { name, kind, help, label } = measure;
  const labelNames = label === undefined ? [...labels] : [...labels, label];
  const options = { name, help, labelNames, registers: [registry] };
  return kind === "counter" ? new Counter(options) : new Gauge(options);
}
