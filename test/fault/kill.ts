/**
 * Kills the server again and again while it is at work, and checks that no promise of the log was broken:
 *
 *     node --conditions=source test/fault/kill.ts --cycles 20 [--seed N] [--plant FAULT]
 *
 * `--plant` puts a fault into what was recorded: proof that the program can fail.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Anomaly, checkHistory, type HistoryRecord } from "roomlog/testing";
import { isPlant, type PlantName, plants } from "./plants.ts";
import { seeded } from "./random.ts";
import { ServerProcess } from "./server-process.ts";
import { within } from "./within.ts";
import { createRooms, readAll, rooms, startWorkload, subscribers } from "./workload.ts";

interface Options {
  readonly cycles: number;
  readonly seed: number;
  readonly plant: PlantName;
}

/** What happened. It grows as things happen, so that a run that breaks off can be looked into. */
interface Run {
  readonly directory: string;
  readonly history: HistoryRecord[];
  readonly readyMs: number[];
}

const ROOT = join(import.meta.dirname, "../..");
const READY_LIMIT_MS = 2000;
const SHORTEST_LIFE_MS = 100;
const LONGEST_LIFE_MS = 600;
/** Clients have this long to notice that the server is gone. */
const NOTICE_LIMIT_MS = 5000;
/** With fewer, a cycle was not under load. */
const LEAST_ACKED_PER_CYCLE = 10;

const given = readOptions();
buildServer();
// An orderly exit takes the server along; the default end by a signal would leave it behind.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
process.exit((await main(given)) ? 0 : 1);

/** Whether all is well. */
async function main(options: Options): Promise<boolean> {
  const run: Run = { directory: mkdtempSync(join(tmpdir(), "roomlog-kill-")), history: [], readyMs: [] };
  const broken = await killAgainAndAgain(run, options).then(() => undefined, String);
  const history = planted(run, options);
  // Without its final read a history cannot be judged.
  const anomalies = broken === undefined ? checkHistory(history) : [];
  const faults = broken === undefined ? tooLittle(run, options) : [broken];
  faults.push(...tooSlow(run), ...loggedErrors(run));
  console.log(summary(run, options));
  console.log(`anomalies: ${countByName(anomalies) || "none"}`);
  for (const fault of faults) console.log(`fault: ${fault}`);
  const isWell = anomalies.length === 0 && faults.length === 0;
  if (isWell) rmSync(run.directory, { recursive: true });
  else keep(run.directory, { history, anomalies });
  return isWell;
}

async function killAgainAndAgain(run: Run, { cycles, seed }: Options): Promise<void> {
  const random = seeded(seed);
  const tips = new Map<string, number>();
  const record = (line: HistoryRecord) => void run.history.push(line);
  for (let number = 1; number <= cycles; number++) {
    const server = await start(run);
    if (number === 1) await createRooms(server.url);
    const { ended } = await startWorkload({ number, url: server.url, random: random.fork(), tips, record });
    const ms = random.int(SHORTEST_LIFE_MS, LONGEST_LIFE_MS);
    // `ended` comes first when something went wrong before the kill.
    await Promise.race([sleep(ms), ended]);
    await server.kill();
    await within(NOTICE_LIMIT_MS, ended, "the clients to notice the end of the server");
    showProgress(`cycle ${number}: ready in ${Math.round(server.readyMs)} ms, killed after ${ms} ms`);
  }
  const server = await start(run);
  for (const room of rooms) await readAll(server.url, room, record);
  await server.stop();
}

function planted({ history }: Run, { plant, seed }: Options): HistoryRecord[] {
  const random = seeded(seed);
  return history.flatMap((line) => plants[plant](line, random));
}

async function start({ directory, readyMs }: Run): Promise<ServerProcess> {
  const server = await ServerProcess.start(join(directory, "data"), logOf(directory));
  readyMs.push(server.readyMs);
  return server;
}

function summary({ history, readyMs }: Run, { cycles, seed, plant }: Options): string {
  const count = (kind: HistoryRecord["kind"]) => history.filter((line) => line.kind === kind).length;
  const sends = `invoked ${count("invoke")}, acked ${count("ok")}, unknown ${count("unknown")}, refused ${count("error")}`;
  return [
    `cycles ${cycles}, seed ${seed}, plant ${plant}`,
    `${sends}, events ${count("event")}, pages ${count("page")}`,
    `slowest ready ${Math.round(Math.max(0, ...readyMs))} ms`,
  ].join("\n");
}

/** A run in which nothing happened proves nothing. */
function tooLittle({ history }: Run, { cycles }: Options): string[] {
  const least = (count: number, kind: HistoryRecord["kind"]) =>
    history.filter((line) => line.kind === kind).length < count
      ? [`fewer than ${count} lines "${kind}"`]
      : [];
  const heard = new Set(history.map((line) => (line.kind === "event" ? line.subscriber : "")));
  const deaf = subscribers.filter((name) => !heard.has(name)).map((name) => `no event to the ${name}`);
  return [
    ...least(cycles * LEAST_ACKED_PER_CYCLE, "ok"),
    ...least(cycles, "unknown"),
    ...least(cycles, "page"),
    ...deaf,
  ];
}

function tooSlow({ readyMs }: Run): string[] {
  const slow = readyMs.filter((ms) => ms > READY_LIMIT_MS).length;
  return slow > 0 ? [`${slow} starts took more than ${READY_LIMIT_MS} ms`] : [];
}

/** What the server itself calls an error (pino: level 50 and above). */
function loggedErrors({ directory }: Run): string[] {
  const errors = readFileSync(logOf(directory), "utf8").match(/"level":[56]0/g) ?? [];
  return errors.length > 0 ? [`the server logged ${errors.length} errors`] : [];
}

function countByName(anomalies: readonly Anomaly[]): string {
  const groups = Map.groupBy(anomalies, ({ name }) => name);
  return [...groups].map(([name, all]) => `${all.length} ${name}`).join(", ");
}

/** Everything that is needed to find out why. */
function keep(directory: string, lists: Readonly<Record<string, readonly object[]>>): void {
  for (const [name, lines] of Object.entries(lists)) {
    const file = join(directory, `${name}.jsonl`);
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    console.log(`${name}: ${file}`);
  }
}

function logOf(directory: string): string {
  return join(directory, "server.log");
}

function showProgress(line: string): void {
  if (process.stdout.isTTY) console.log(line);
}

/** The server under test is the built one; this builds what has changed. */
function buildServer(): void {
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-b", "packages/server"], { cwd: ROOT, stdio: "inherit" });
}

function readOptions(): Options {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ options: { cycles: text, seed: text, plant: text } });
  const cycles = Number(values.cycles ?? 20);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
  const { plant = "none" } = values;
  if (!Number.isInteger(cycles) || cycles < 1) throw new Error("--cycles: a whole number from 1");
  if (!Number.isInteger(seed)) throw new Error("--seed: a whole number");
  if (!isPlant(plant)) throw new Error(`--plant: one of ${Object.keys(plants).join(", ")}`);
  return { cycles, seed, plant };
}
