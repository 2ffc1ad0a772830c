import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ConfigInput } from "roomlog";
import { cpuSeconds } from "./process.ts";
import { type Program, startProgram } from "./program.ts";

/** The built server. */
export interface ServerProcess extends Program {
  /** CPU time of all its threads so far. */
  cpuSeconds(): number;
  /** Stops it as SIGTERM does and removes its data. */
  stop(): Promise<void>;
}

const PROGRAM = resolve(import.meta.dirname, "../../packages/server/bin/roomlog.js");

/** Starts the server on a free port, with its data in a new directory below `parent`. */
export async function startServerProcess(
  config: ConfigInput,
  parent: string,
  nodeOptions: readonly string[] = [],
): Promise<ServerProcess> {
  const directory = mkdtempSync(join(parent, "roomlog-bench-"));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  const file = join(directory, "roomlog.yaml");
  const whole = { port: 0, data: join(directory, "data"), log_level: "warn", ...config };
  writeFileSync(file, JSON.stringify(whole)); // JSON is YAML
  try {
    const program = await startProgram([...nodeOptions, PROGRAM, "serve", "--config", file]);
    const stop = () => program.stop().finally(remove);
    return { ...program, cpuSeconds: () => cpuSeconds(program.pid), stop };
  } catch (error) {
    remove();
    throw error;
  }
}
