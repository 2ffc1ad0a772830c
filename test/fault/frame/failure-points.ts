import { constants } from "node:os";
import type { Random } from "./random.ts";

/** Which calls of a server are counted. */
interface Target {
  readonly name: string;
  /** How the files' names end. */
  readonly end: string;
  /** What the calls' names hold. */
  readonly call: string;
  /** Only from when the server is at work. */
  readonly atWork: boolean;
  /** So many of them are of interest. */
  readonly range: number;
  /** How many points of twenty. */
  readonly share: number;
}

/** The `nth` call of a target fails with `error`. */
export interface Point {
  readonly target: Target;
  readonly nth: number;
  readonly error: "EIO" | "ENOSPC";
  readonly errno: number;
  /** Whether every later one fails too. */
  readonly ever: boolean;
}

/** A start has some fifty calls; a checkpoint writes a hundred pages and more before its one sync. */
const targets: readonly Target[] = [
  { name: "start and first commits", end: "", call: "", atWork: false, range: 60, share: 8 },
  { name: "log", end: "-wal", call: "", atWork: true, range: 40, share: 6 },
  { name: "sync of the log", end: "-wal", call: "sync", atWork: true, range: 10, share: 2 },
  { name: "database", end: ".db", call: "", atWork: true, range: 40, share: 2 },
  { name: "sync of the database", end: ".db", call: "sync", atWork: true, range: 4, share: 2 },
];
const SHARES = 20;

/** Spread over all targets: each call once and from then on, as far as `count` goes. */
export function failurePoints(count: number, random: Random): Point[] {
  return targets.flatMap((target) => pointsOf(target, Math.round((count * target.share) / SHARES), random));
}

function pointsOf(target: Target, count: number, random: Random): Point[] {
  const step = Math.max(1, Math.floor((2 * target.range) / count));
  return Array.from({ length: count }, (_, i): Point => {
    const nth = 1 + Math.floor(i / 2) * step + random.int(0, step - 1);
    const error = random.pick(["EIO", "ENOSPC"] as const);
    return {
      target,
      nth: 1 + ((nth - 1) % target.range),
      error,
      errno: constants.errno[error],
      ever: i % 2 === 1,
    };
  });
}

export function inWords({ target, nth, error, ever }: Point): string {
  return `call ${nth} of the ${target.name}: ${error}${ever ? " from then on" : ""}`;
}
