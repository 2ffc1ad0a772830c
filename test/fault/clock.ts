/**
 * F9: lets the clock on the wall jump under a server that is at work: by an hour, a day, ten years, to and fro.
 *
 *     node --conditions=source test/fault/clock.ts --cycles 20 [--seed N] [--twin NAME | --plant FAULT]
 *
 * Times of messages must not fall, and no timeout may come earlier or later for it. Needs libfaketime.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { broken } from "./frame/broken-servers.ts";
import { FakeClock } from "./frame/fake-clock.ts";
import { runProgram } from "./frame/program.ts";
import type { Run } from "./frame/run.ts";
import { watchTimeouts } from "./workload/timeouts.ts";

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
const YEAR_S = 365 * DAY_S;
/** In seconds against the true time; then wherever chance leads. */
const jumps = [DAY_S, -HOUR_S, -10 * YEAR_S, 0, 2 * DAY_S, -DAY_S];
const SHORTEST_STAY_MS = 500;
const LONGEST_STAY_MS = 1500;

await runProgram({
  name: "clock",
  cycles: 20,
  cycleSeconds: 60,
  least: { acked: 10, unknown: 0 },
  logsErrors: false,
  twins: {
    "time-not-raised": { patches: broken.timeNotRaised, found: /^time-decreases$/, cycles: 2 },
    "timers-by-the-wall": {
      patches: broken.timersByTheWall,
      found: /the server closed|was ended|the end of a/,
      cycles: 1,
    },
  },
  lacks: FakeClock.lacks,
  work: jumpAgainAndAgain,
});

async function jumpAgainAndAgain(run: Run): Promise<void> {
  const clock = new FakeClock(join(run.directory, "clock"));
  const episode = run.episode();
  const server = await episode.start(clock.env);
  const timeouts = await watchTimeouts(server.url);
  const life = await episode.workload.begin(server.url);
  for (const number of run.numbers()) {
    await sleep(run.random.int(SHORTEST_STAY_MS, LONGEST_STAY_MS));
    const seconds = jumps[number - 1] ?? run.random.int(-10 * YEAR_S, YEAR_S);
    clock.set(seconds);
    run.progress(`cycle ${number}: ${seconds} s, ${episode.history.length} lines`);
    if (run.faults.length > 0) break;
  }
  await timeouts.finish();
  for (const fault of timeouts.faults) run.fault(fault);
  run.count("times measured", timeouts.measured);
  await life.leave();
  await server.stop();
  await episode.conclude();
}
