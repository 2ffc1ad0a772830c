import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { workloadsOf } from "../workloads.ts";
import { readRun } from "./results.ts";
import { sectionOf } from "./section.ts";

export const RESULTS = resolve(import.meta.dirname, "../RESULTS.md");

const BEGIN = "<!-- side by side: begin, written by npm run bench:report -->";
const END = "<!-- side by side: end -->";

/** Puts what the files of results say between the two comments of a document, and the plots into `plots` beside it. */
export function writeReport(files: readonly string[], document: string): void {
  const { markdown, plots } = sectionOf(files.map(readRun), workloadsOf("whole"));
  const text = readFileSync(document, "utf8");
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${document} lacks the comments ${BEGIN} and ${END}`);
  writeFileSync(document, `${text.slice(0, from + BEGIN.length)}\n\n${markdown}\n\n${text.slice(to)}`);
  const directory = join(dirname(document), "plots");
  mkdirSync(directory, { recursive: true });
  for (const [name, svg] of plots) writeFileSync(join(directory, name), svg);
}
