/**
 * F5: lets one call of the server on its files fail, in the next run the next one, and so on, with EIO or ENOSPC,
 * once or from then on.
 *
 *     node --conditions=source test/fault/failing-calls.ts --cycles 20 [--seed N] [--twin NAME | --plant FAULT]
 *
 * A call that a commit waits for must end the server with exit code 74 within a second; no other call may end it in
 * another way. In no case is anything lost. Each point has a data directory of its own.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { checkHistory } from "roomlog/testing";
import { broken } from "./frame/broken-servers.ts";
import type { Episode } from "./frame/episode.ts";
import { exceeds } from "./frame/exceeds.ts";
import { FailingCalls, type Hit } from "./frame/failing-calls.ts";
import { failurePoints, inWords, type Point } from "./frame/failure-points.ts";
import { lacksCommand } from "./frame/lacks.ts";
import { compile } from "./frame/native.ts";
import { runProgram } from "./frame/program.ts";
import type { Run } from "./frame/run.ts";
import { exitInWords, NotStarted, type ServerProcess } from "./frame/server-process.ts";
import type { Life } from "./workload/workload.ts";

const STORAGE_FAILED = 74;
const CLOSED_BY_FAILURE = 1011;
const EXIT_LIMIT_MS = 1000;
/** Answers that were on their way. */
const LATE_ANSWER_MS = 250;
const HIT_LIMIT_MS = 60_000;
/** A server that may live on is kept at work this long; one that has to end is waited for. */
const AFTERLIFE_MS = 500;
const PATIENCE_MS = 4000;

const found = /lived on|acknowledged after/;

await runProgram({
  name: "failing-calls",
  cycles: 20,
  cycleSeconds: 90,
  least: { acked: 5, unknown: 0 },
  logsErrors: true,
  twins: {
    "goes-on-after-failure": { patches: broken.goesOnAfterFailure, found, cycles: 4 },
    "tries-again": { patches: broken.triesAgain, found, cycles: 4 },
  },
  lacks: () => lacksCommand("gcc"),
  work: failCallAfterCall,
});

async function failCallAfterCall(run: Run): Promise<void> {
  const library = compile("failing-calls", ["-shared", "-fPIC", "-ldl"]);
  for (const point of failurePoints(run.cycles, run.random)) {
    const episode = run.episode({ closes: [CLOSED_BY_FAILURE] });
    const failing = new FailingCalls(library, episode.data, point);
    const faults = [...(await faultsAt(run, episode, { point, failing }))];
    for (const fault of faults) run.fault(`${inWords(point)}: ${fault}`);
    await episode.conclude();
    if (faults.length === 0 && checkHistory(episode.history).length === 0) episode.discard();
  }
}

interface Meeting {
  readonly point: Point;
  readonly failing: FailingCalls;
}

async function faultsAt(run: Run, episode: Episode, { point, failing }: Meeting): Promise<string[]> {
  const server = await episode.start(failing.env).catch(notStarted);
  if (server instanceof NotStarted) return faultsOfStart(run, server, failing);
  const life = await episode.workload.begin(server.url);
  failing.arm();
  const hit = await failing.met(HIT_LIMIT_MS);
  const faults = hit ? await faultsOf(run, { server, hit, episode }) : ["was never made"];
  if (faults.length > 0) run.progress(`${inWords(point)}: ${faults}`);
  await ended(server, life);
  return faults;
}

function notStarted(error: unknown): NotStarted {
  if (error instanceof NotStarted) return error;
  throw error;
}

function faultsOfStart(run: Run, { exit }: NotStarted, { hit }: FailingCalls): string[] {
  run.count("starts refused");
  if (!hit) return ["the server did not start, and nothing had failed"];
  return exit.code === STORAGE_FAILED ? [] : [`the server did not start and ended ${exitInWords(exit)}`];
}

interface Aftermath {
  readonly server: ServerProcess;
  readonly hit: Hit;
  readonly episode: Episode;
}

async function faultsOf(run: Run, { server, hit, episode }: Aftermath): Promise<string[]> {
  const exit = await Promise.race([server.exited, sleep(hit.inCommit ? PATIENCE_MS : AFTERLIFE_MS)]);
  const exitMs = exit ? Number(exit.at - hit.at) / 1e6 : undefined;
  run.count(exit ? "ends" : "failures survived");
  if (exit && exit.code !== STORAGE_FAILED) return [`the server ended ${exitInWords(exit)}`];
  if (!hit.inCommit) return [];
  run.count("failures in a commit");
  if (exitMs === undefined) return ["a commit failed, and the server lived on"];
  run.atMost("slowest end, ms", exitMs);
  const lastAnswerMs = Number(episode.acknowledgedAt - hit.at) / 1e6;
  return [
    ...(exceeds(exitMs, EXIT_LIMIT_MS) ? [`the server lived on for ${exitMs} ms`] : []),
    ...(exceeds(lastAnswerMs, LATE_ANSWER_MS) ? [`a send was acknowledged after ${lastAnswerMs} ms`] : []),
  ];
}

async function ended(server: ServerProcess, life: Life): Promise<void> {
  server.signal("SIGKILL");
  await server.exited;
  await life.noticed();
}
