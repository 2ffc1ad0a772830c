import { cpus, loadavg, release, totalmem } from "node:os";
import type { Answers } from "../load/dialect.ts";
import type { System } from "../systems/system.ts";

/** Where and how a run was made: the first line of its results. */
export interface RunHead {
  readonly run: string;
  readonly cpu: string;
  readonly cpus: number;
  readonly memory_gib: number;
  readonly kernel: string;
  readonly node: string;
  readonly disk: string;
  /** Of the last minute before the run. */
  readonly load: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly size: "whole" | "small";
  /** How subscribers answer events, where they do. */
  readonly answers: Answers;
  readonly settings: Readonly<Record<string, string>>;
}

export interface RunOptions extends Pick<RunHead, "disk" | "rounds" | "seconds" | "size" | "answers"> {
  readonly systems: readonly System[];
}

export function runHead({ systems, ...options }: RunOptions): RunHead {
  return {
    run: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? "unknown",
    cpus: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    ...options,
    settings: Object.fromEntries(systems.map((system) => [system.name, system.setting()])),
  };
}
