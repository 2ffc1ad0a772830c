import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Line } from "./lines.ts";
import type { RunHead } from "./machine.ts";

/** Where they go unless another file is named. */
export const LATEST = resolve(import.meta.dirname, "../results/latest.jsonl");

/** Where a run's results go: each line to a file at once, and to the terminal the lines or what a person reads. */
export class Output {
  readonly #file: string;
  readonly #shown: "lines" | "tables";

  constructor(file: string, shown: "lines" | "tables") {
    this.#file = file;
    this.#shown = shown;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "");
  }

  head(head: RunHead): void {
    this.#keep(head);
    const { cpus, cpu, load, disk, rounds, seconds } = head;
    this.text(`${cpus} × ${cpu}, load before ${load}, data on ${disk}`);
    this.text(`${rounds} rounds of ${seconds} s each: median (lowest – highest)`);
  }

  line(line: Line): void {
    this.#keep(line);
  }

  text(text: string): void {
    if (this.#shown === "tables") console.log(text);
  }

  #keep(value: Line | RunHead): void {
    const text = JSON.stringify(value, (_, one: unknown) => (typeof one === "number" ? rounded(one) : one));
    writeFileSync(this.#file, `${text}\n`, { flag: "a" });
    if (this.#shown === "lines") console.log(text);
  }
}

/** Three decimals. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
