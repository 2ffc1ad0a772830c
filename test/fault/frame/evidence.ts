import { cpSync, existsSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Anomaly } from "roomlog/testing";
import type { Run } from "./run.ts";

/** Keeps everything that is needed to find out why, also what lies on a disk that goes with this program. */
export function keepEvidence(run: Run, anomalies: readonly Anomaly[]): void {
  run.keep();
  write(run, "anomalies", anomalies);
  run.episodes.forEach(({ history, data }, i) => {
    write(run, `history-${i + 1}`, history);
    rescue(data, join(run.directory, `rescued-${i + 1}`));
  });
  console.log(`evidence: ${run.directory}`);
}

/** Data that lie on a disk of their own go with it; one whose power is cut gives nothing back. */
function rescue(data: string, to: string): void {
  if (!existsSync(data) || statSync(data).dev === statSync(tmpdir()).dev) return;
  try {
    cpSync(data, to, { recursive: true });
  } catch (error) {
    console.log(`${data}: ${error}`);
  }
}

function write({ directory }: Run, name: string, lines: readonly object[]): void {
  writeFileSync(join(directory, `${name}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}
