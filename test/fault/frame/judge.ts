import { readFileSync } from "node:fs";
import { type Anomaly, checkHistory, type HistoryRecord } from "roomlog/testing";
import { subscribers } from "../workload/workload.ts";
import type { Options } from "./options.ts";
import { type PlantName, plants } from "./plants.ts";
import { seeded } from "./random.ts";
import type { Run } from "./run.ts";

/** A run in which less happened proves nothing; each per cycle. */
export interface Least {
  readonly acked: number;
  readonly unknown: number;
}

/** Each has to have happened at all. */
const acts = ["marks", "looks at what is unread", "searches", "erasures", "looks for what was erased"];

export interface Verdict {
  readonly anomalies: readonly Anomaly[];
  /** How often each name, in words. */
  readonly counts: string;
  readonly faults: readonly string[];
}

interface Circumstances extends Pick<Options, "plant" | "seed"> {
  readonly least: Least;
  readonly logsErrors: boolean;
  /** What broke the run off. */
  readonly broken: string | undefined;
}

export function judge(run: Run, { broken, least, logsErrors, plant, seed }: Circumstances): Verdict {
  const histories = run.episodes.map(({ history }) => planted(history, plant, seed));
  // Without its final read a history cannot be judged.
  const anomalies = broken === undefined ? histories.flatMap(checkHistory) : [];
  const faults = [
    ...run.faults,
    ...(broken === undefined ? tooLittle(run, histories.flat(), least) : [broken]),
    ...tooSlow(run),
    ...(logsErrors ? [] : loggedErrors(run)),
  ];
  return { anomalies, faults, counts: countByName(anomalies) };
}

export function summary(run: Run): string {
  const lines = run.episodes.flatMap(({ history }) => history);
  const count = (kind: HistoryRecord["kind"]) => lines.filter((line) => line.kind === kind).length;
  const retries = lines.filter((line) => line.kind === "ok" && line.duplicate).length;
  const sends = `sent ${count("invoke")}, acked ${count("ok")} (${retries} as duplicates), unknown ${count("unknown")}, refused ${count("error")}`;
  const figures = Array.from(run.figures, ([figure, value]) => `${figure} ${value}`);
  return [
    run.title,
    `${sends}, events ${count("event")}, resumes ${count("resume")}, pages ${count("page")}`,
    [`slowest ready ${slowestMs(run)} ms`, ...figures].join(", "),
  ].join("\n");
}

function planted(history: readonly HistoryRecord[], plant: PlantName, seed: number): HistoryRecord[] {
  const random = seeded(seed);
  return history.flatMap((line) => plants[plant](line, random));
}

function tooLittle({ cycles, figures }: Run, lines: readonly HistoryRecord[], least: Least): string[] {
  const fewer = (count: number, kind: HistoryRecord["kind"]) =>
    lines.filter((line) => line.kind === kind).length < count ? [`fewer than ${count} lines "${kind}"`] : [];
  const heard = new Set(lines.map((line) => (line.kind === "event" ? line.subscriber : "")));
  const deaf = subscribers.filter((name) => !heard.has(name)).map((name) => `no event to the ${name}`);
  return [
    ...fewer(cycles * least.acked, "ok"),
    ...fewer(cycles * least.unknown, "unknown"),
    ...fewer(cycles, "page"),
    ...fewer(cycles, "resume"),
    ...(lines.some((line) => line.kind === "ok" && line.duplicate) ? [] : ["no retry"]),
    ...deaf,
    ...acts.filter((figure) => !figures.has(figure)).map((figure) => `no ${figure}`),
  ];
}

function slowestMs({ episodes }: Run): number {
  return episodes.flatMap(({ starts }) => starts).reduce((most, { ms }) => Math.max(most, ms), 0);
}

/** A single slow start may be the machine's. */
function tooSlow({ episodes }: Run): string[] {
  const starts = episodes.flatMap((episode) => episode.starts);
  const slow = starts.filter(({ isSlow }) => isSlow).length;
  return slow > starts.length / 4 ? [`${slow} of ${starts.length} starts were slow`] : [];
}

/** What the server itself calls an error (pino: level 50 and above). */
function loggedErrors({ log }: Run): string[] {
  const errors = readFileSync(log, "utf8").match(/"level":[56]0/g) ?? [];
  return errors.length > 0 ? [`the server logged ${errors.length} errors`] : [];
}

function countByName(anomalies: readonly Anomaly[]): string {
  const groups = Map.groupBy(anomalies, ({ name }) => name);
  return [...groups].map(([name, all]) => `${all.length} ${name}`).join(", ");
}
