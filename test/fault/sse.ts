/**
 * F21: readers of server-sent events (H7) that are cut off at random, while the server is killed again and again: each sees
 * every message of its room once, in order.
 *
 *     node --conditions=source test/fault/sse.ts --cycles 20 [--seed N] [--twin NAME | --plant FAULT]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { broken } from "./frame/broken-servers.ts";
import { runProgram } from "./frame/program.ts";
import type { Run } from "./frame/run.ts";
import { rooms } from "./workload/connect.ts";
import { SseFollower } from "./workload/sse-follower.ts";

const SHORTEST_LIFE_MS = 300;
const LONGEST_LIFE_MS = 1000;
const CUTS = "cuts of streams";

await runProgram({
  name: "sse",
  cycles: 20,
  cycleSeconds: 60,
  least: { acked: 10, unknown: 0 },
  logsErrors: false,
  twins: {
    "sse-forgets-id": { patches: broken.sseForgetsId, found: /^(unseen|place-lost)$/, cycles: 2 },
    "sse-id-too-late": { patches: broken.sseIdTooLate, found: /^unseen$/, cycles: 2 },
  },
  lacks: () => undefined,
  work: cutAndKill,
});

async function cutAndKill(run: Run): Promise<void> {
  const episode = run.episode();
  const followers = rooms.map(
    (room, n) =>
      new SseFollower(`reader ${n + 1}`, room, { random: run.random.fork(), onCut: () => run.count(CUTS) }),
  );
  const company = { others: followers };
  for (const number of run.numbers()) {
    const server = await episode.start();
    const life = await episode.workload.begin(server.url, company);
    const ms = run.random.int(SHORTEST_LIFE_MS, LONGEST_LIFE_MS);
    await Promise.race([sleep(ms), life.ended]);
    await server.kill();
    await life.noticed();
    run.progress(`cycle ${number}: killed after ${ms} ms`);
  }
  await episode.conclude(company);
  if ((run.figures.get(CUTS) ?? 0) < 2 * run.cycles) run.fault(`fewer than ${2 * run.cycles} ${CUTS}`);
}
