import {
  type FigureName,
  figureNames,
  figuresIn,
  grouped,
  type Line,
  short,
  tableOf,
} from "../support/lines.ts";
import { median } from "../support/numbers.ts";
import type { Workload } from "../workloads.ts";
import { type Plot, type Row, svgOf } from "./plot.ts";
import { type Elsewhere, type Goal, goals, type Quoted, SOURCE } from "./quoted.ts";
import type { Run } from "./results.ts";

export interface Section {
  readonly markdown: string;
  /** Text of the SVG files by their name. */
  readonly plots: ReadonlyMap<string, string>;
}

/** What the results say about each workload, and where they come from. */
export function sectionOf(runs: readonly Run[], workloads: readonly Workload[]): Section {
  const plots = new Map<string, string>();
  const parts = [intro(), ...runs.map(origin)];
  for (const workload of workloads) {
    const lines = runs.flatMap((run) => run.lines).filter((line) => line.workload === workload.name);
    const goal = goals[workload.name];
    if (!goal || lines.length === 0) continue;
    plots.set(`${workload.name}.svg`, svgOf(plotOf(workload, goal, lines)));
    parts.push(chapter(workload, goal, lines));
  }
  return { markdown: parts.join("\n\n"), plots };
}

function intro(): string {
  return [
    "Written by `npm run bench:report`. Medians (lowest – highest) of the rounds; the systems take turns in the same",
    "run. CPU is utime + stime of all processes of the server; *load cores* says how busy the load generator was: at",
    `1.0 it is what limits the rate. Rows in italics are quoted: ${SOURCE}.`,
  ].join("\n");
}

function origin({ head, lines }: Run): string {
  const names = [...new Set(lines.map(({ workload }) => workload))].join(", ");
  const machine = `${head.cpus} × ${head.cpu}, ${head.memory_gib} GiB, Linux ${head.kernel}, ${head.disk}, Node ${head.node}`;
  const how = `${head.rounds} rounds of ${head.seconds} s, events answered ${head.answers === "single" ? "one by one" : "in one write a read"}, load before the run ${head.load}`;
  const settings = Object.entries(head.settings).map(([name, text]) => `- ${name}: ${text}`);
  return `${names}: ${head.run.slice(0, 10)}, ${machine}; ${how}.\n\n${settings.join("\n")}`;
}

function chapter({ name, title, unit }: Workload, goal: Goal, lines: readonly Line[]): string {
  const [heads = [], ...rows] = tableOf(lines);
  const figures = figuresIn(lines);
  const hasCases = heads.length > figures.length + 1;
  const lead = (label: string) => (hasCases ? ["", label] : [label]);
  const quoted = goal.elsewhere.map((one) => [...lead(`*${one.name}*`), ...cells(one.figures, figures)]);
  const reach =
    Object.keys(goal.reach).length > 0 ? [[...lead("**to reach**"), ...goalCells(goal, figures)]] : [];
  const table = [heads, heads.map(() => "---"), ...rows, ...quoted, ...reach];
  const text = table.map((row) => `| ${row.join(" | ")} |`).join("\n");
  return `### ${name} — ${title} (${unit})\n\n![${name}](plots/${name}.svg)\n\n${text}`;
}

function cells(quoted: Elsewhere["figures"], figures: readonly FigureName[]): string[] {
  return figures.map((figure) => shown(quoted[figure] ?? []));
}

function shown(quoted: Quoted): string {
  return quoted.map(short).join(" – ");
}

function goalCells({ reach }: Goal, figures: readonly FigureName[]): string[] {
  return figures.map((figure) => {
    const value = reach[figure];
    return value === undefined ? "" : `**${figure === "per_second" ? "≥" : "≤"} ${short(value)}**`;
  });
}

function plotOf({ name, title }: Workload, goal: Goal, lines: readonly Line[]): Plot {
  const measured = grouped(lines).flatMap((own) => measuredRow(own, goal.main));
  const quoted = goal.elsewhere.flatMap(({ name: label, figures }) => quotedRow(label, figures[goal.main]));
  const rows = [...measured, ...quoted];
  return { title: `${name}: ${title}`, unit: figureNames[goal.main], reach: goal.reach[goal.main], rows };
}

function measuredRow(own: readonly Line[], figure: FigureName): Row[] {
  const [first] = own;
  const values = own.map((line) => line[figure] ?? Number.NaN).filter((value) => value > 0);
  if (!first || values.length === 0) return [];
  const label = first.case === "" ? first.system : `${first.system}, ${first.case}`;
  const kind = first.system === "roomlog" ? "own" : "peer";
  const value = median(values);
  return [
    { label, kind, value, text: short(value), lowest: Math.min(...values), highest: Math.max(...values) },
  ];
}

function quotedRow(label: string, quoted: Quoted = []): Row[] {
  if (quoted.length === 0) return [];
  const [lowest, highest] = [Math.min(...quoted), Math.max(...quoted)];
  return [
    { label, kind: "elsewhere", value: Math.sqrt(lowest * highest), text: shown(quoted), lowest, highest },
  ];
}
