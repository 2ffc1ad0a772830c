/**
 * F8: stops the server for a while (SIGSTOP), under load, and lets it go on.
 *
 *     node --conditions=source test/fault/pause.ts --cycles 20 [--seed N] [--twin NAME | --plant FAULT]
 *
 * Pauses last 1 to 30 s, most of them less than 2. No client may be closed for one: what it answers in time counts,
 * whether or not the server listened (rule F8 of the protocol).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { broken } from "./frame/broken-servers.ts";
import { runProgram } from "./frame/program.ts";
import type { Run } from "./frame/run.ts";

/** The server looks at its clients once a second: it has done so before and after each pause. */
const SHORTEST_REST_MS = 1100;
const LONGEST_REST_MS = 2000;

await runProgram({
  name: "pause",
  cycles: 20,
  cycleSeconds: 90,
  least: { acked: 10, unknown: 0 },
  logsErrors: false,
  twins: { "pause-is-silence": { patches: broken.pauseIsSilence, found: /the server closed/, cycles: 1 } },
  lacks: () => undefined,
  work: pauseAgainAndAgain,
});

async function pauseAgainAndAgain(run: Run): Promise<void> {
  const episode = run.episode();
  const server = await episode.start();
  const life = await episode.workload.begin(server.url, { lateAnswerers: 4 });
  for (const number of run.numbers()) {
    const ms = lengthOf(number, run);
    await rest(run);
    server.signal("SIGSTOP");
    await sleep(ms);
    server.signal("SIGCONT");
    run.atMost("longest pause, ms", ms);
    run.progress(`cycle ${number}: ${ms} ms, ${episode.history.length} lines`);
    if (run.faults.length > 0) break;
  }
  await rest(run);
  await life.leave();
  await server.stop();
  await episode.conclude();
}

async function rest({ random }: Run): Promise<void> {
  await sleep(random.int(SHORTEST_REST_MS, LONGEST_REST_MS));
}

/** The last one is longer than a client has for an answer, and very long in a long run; so is every fifth. */
function lengthOf(number: number, { cycles, random }: Run): number {
  if (number === cycles) return cycles < 20 ? 6500 : 30_000;
  return number % 5 === 0 ? random.int(5500, 8000) : random.int(1000, 2000);
}
