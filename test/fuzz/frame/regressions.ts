import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Failure } from "./run.ts";

const CORPUS = join(import.meta.dirname, "../corpus");

/** An input that once did what it must not; it is tried in each `npm test`. */
export interface Regression {
  readonly fuzzer: string;
  /** What it did. */
  readonly found: string;
  readonly seed: number;
  readonly input: unknown;
}

export function regressions(): (Regression & { readonly file: string })[] {
  return readdirSync(CORPUS)
    .filter((file) => file.endsWith(".json"))
    .map((file) => ({ file, ...(JSON.parse(readFileSync(join(CORPUS, file), "utf8")) as Regression) }));
}

/** Keeps the input of a failure; returns its file. */
export function keep(fuzzer: string, { seed, message, input }: Failure): string {
  const regression: Regression = { fuzzer, found: message.slice(0, 500), seed, input };
  const hash = createHash("sha256").update(JSON.stringify(input)).digest("hex").slice(0, 8);
  const file = join(CORPUS, `${fuzzer}-${hash}.json`);
  writeFileSync(file, `${JSON.stringify(regression, undefined, 2)}\n`);
  return file;
}
