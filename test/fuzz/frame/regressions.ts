import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const CORPUS = join(import.meta.dirname, "../corpus");

/** An input that once did what it must not; each run begins with it. */
interface Regression {
  readonly fuzzer: string;
  /** What it did. */
  readonly found: string;
  readonly seed: number;
  readonly input: unknown;
}

export function regressionsOf(fuzzer: string): unknown[] {
  const files = readdirSync(CORPUS).filter((file) => file.endsWith(".json"));
  const all = files.map((file): Regression => JSON.parse(readFileSync(join(CORPUS, file), "utf8")));
  return all.filter((one) => one.fuzzer === fuzzer).map(({ input }) => input);
}

/** Keeps the input of a failure; returns its file. */
export function keep(regression: Regression): string {
  const hash = createHash("sha256").update(JSON.stringify(regression.input)).digest("hex").slice(0, 8);
  const file = join(CORPUS, `${regression.fuzzer}-${hash}.json`);
  writeFileSync(file, `${JSON.stringify(regression, undefined, 2)}\n`);
  return file;
}
