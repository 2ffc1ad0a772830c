/**
 * F1: kills the server again and again while it is at work, and checks that no promise of the log was broken.
 *
 *     node --conditions=source test/fault/kill.ts --cycles 20 [--seed N] [--twin NAME | --plant FAULT]
 *
 * `--twin` runs a broken server, `--plant` puts a fault into what was recorded: proofs that the program can fail.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { broken } from "./frame/broken-servers.ts";
import { runProgram } from "./frame/program.ts";
import type { Run } from "./frame/run.ts";

const SHORTEST_LIFE_MS = 100;
const LONGEST_LIFE_MS = 600;
/** Of five lives one, the second, ends just behind an erasure, and one, the fourth, in the middle of one. */
const ROUND = 5;
const BEHIND_ERASURE = 2;
const IN_ERASURE = 4;
const ERASURE_LIMIT_MS = 5000;
const LONGEST_REST_MS = 20;

await runProgram({
  name: "kill",
  cycles: 20,
  cycleSeconds: 60,
  least: { acked: 10, unknown: 1 },
  logsErrors: false,
  twins: {
    "ack-before-commit": {
      patches: broken.ackBeforeCommit,
      // A message, or a mark, which was acknowledged too.
      found: /^(lost-acked-write$|marker: .* is \d+, and was \d+$|marker: .* was acknowledged$)/,
      cycles: 3,
    },
    "event-before-commit": {
      patches: broken.eventBeforeCommit,
      found: /^(phantom-event|inconsistent-offset|content-changed)$/,
      cycles: 3,
    },
    "retry-before-commit": {
      patches: broken.retryBeforeCommit,
      found: /^(lost-acked-write|retry-got-other-id)$/,
      cycles: 5,
    },
    "no-idempotency": { patches: broken.noIdempotency, found: /^duplicate$/, cycles: 1 },
    "names-forgotten": { patches: broken.namesForgotten, found: /^duplicate$/, cycles: 4 },
    "resume-skips": { patches: broken.resumeSkips, found: /^unseen$/, cycles: 2 },
    "resume-repeats": { patches: broken.resumeRepeats, found: /^event-twice$/, cycles: 2 },
    "changes-forgotten": { patches: broken.changesForgotten, found: /^changer: entry/, cycles: 3 },
    "edits-outlive-deletion": { patches: broken.editsOutliveDeletion, found: /^changer: entry/, cycles: 2 },
    "search-skips": { patches: broken.searchSkips, found: /^search: /, cycles: 5 },
    "tail-forgotten": { patches: broken.tailForgotten, found: /^searcher: /, cycles: 2 },
    "marks-forgotten": { patches: broken.marksForgotten, found: /^marker: .* the mark in/, cycles: 2 },
    "changes-unread": {
      patches: broken.changesUnread,
      found: /^marker: .* are unread in changed/,
      cycles: 2,
    },
    "erased-comes-back": {
      patches: broken.erasedComesBack,
      found: /^(erased-came-back|eraser: .* was erased)/,
      cycles: 3,
    },
    "erases-in-part": {
      patches: broken.erasesInPart,
      found: /^(erased-came-back|eraser: .* was erased)/,
      cycles: 3,
    },
    "erased-stays-in-files": { patches: broken.erasedStaysInFiles, found: /^erased: /, cycles: 1 },
    "erasure-forgotten": {
      patches: broken.erasureForgotten,
      found: /^eraser: the erasure .* (went on as|is not there)/,
      cycles: 5,
    },
    "no-seam": { patches: broken.noSeam, found: /^(poll-skip|unseen)$/, cycles: 5 },
  },
  lacks: () => undefined,
  work: killAgainAndAgain,
});

async function killAgainAndAgain(run: Run): Promise<void> {
  const episode = run.episode();
  for (const number of run.numbers()) {
    const server = await episode.start();
    const place = number % ROUND;
    const erases = place === BEHIND_ERASURE || place === IN_ERASURE;
    const life = await episode.workload.begin(server.url, { erases });
    const ms = erases ? ERASURE_LIMIT_MS : run.random.int(SHORTEST_LIFE_MS, LONGEST_LIFE_MS);
    const erasure = place === IN_ERASURE ? life.erasing : life.erased;
    // `ended` comes first when something went wrong before the kill.
    await Promise.race([sleep(ms), life.ended, ...(erases ? [erasure] : [])]);
    if (erases) await sleep(run.random.int(0, LONGEST_REST_MS));
    await server.kill();
    await life.noticed();
    run.checkIntegrity(episode);
    run.progress(`cycle ${number}: ready in ${Math.round(server.readyMs)} ms, killed after ${ms} ms at most`);
  }
  await episode.conclude();
}
