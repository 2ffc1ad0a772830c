/**
 * F7: fills the disk under a server that is at work, then gives it room again.
 *
 *     node --conditions=source test/fault/full-disk.ts --cycles 10 [--seed N] [--twin NAME | --plant FAULT]
 *
 * The disk has 4 MB to spare, and another file takes some of it away; the server is told not to look at it (Q9), so
 * that it fills up. The server must end with exit code 74 soon after the first send of unknown outcome, and a start
 * must be all that it takes to go on. Needs root.
 */
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { broken } from "./frame/broken-servers.ts";
import { type SmallDisk, smallDisk } from "./frame/disks.ts";
import type { Episode } from "./frame/episode.ts";
import { exceeds } from "./frame/exceeds.ts";
import { lacksCommand, lacksRoot } from "./frame/lacks.ts";
import { runProgram } from "./frame/program.ts";
import type { Run } from "./frame/run.ts";
import { exitInWords } from "./frame/server-process.ts";

const SPARE_BYTES = 4 * 2 ** 20;
const LARGEST_BALLAST_BYTES = 3 * 2 ** 20;
const LARGE_BYTES = 2 ** 30;
const STORAGE_FAILED = 74;
const CLOSED_BY_FAILURE = 1011;
/** From the first send of unknown outcome. */
const EXIT_LIMIT_MS = 1000;
const FULL_LIMIT_MS = 60_000;
const LONG_FULL_MS = 3000;
const POLL_MS = 50;
const WORK_MS = 200;

await runProgram({
  name: "full-disk",
  cycles: 10,
  cycleSeconds: 90,
  least: { acked: 10, unknown: 1 },
  logsErrors: true,
  twins: { "goes-on-after-failure": { patches: broken.goesOnAfterFailure, found: /lived on/, cycles: 1 } },
  lacks: () => lacksRoot() ?? lacksCommand("mount"),
  work: fillAgainAndAgain,
});

async function fillAgainAndAgain(run: Run): Promise<void> {
  const config = join(run.directory, "roomlog.yaml");
  writeFileSync(config, "store: { min_free_bytes: 0 }\n");
  const env = { ROOMLOG_CONFIG: config };
  const disk = smallDisk(join(run.directory, "disk"), LARGE_BYTES);
  const episode = run.episode({ data: join(disk.mountPoint, "data"), closes: [CLOSED_BY_FAILURE] });
  for (const number of run.numbers()) {
    const ballast = takeRoom(disk, run.random.int(0, LARGEST_BALLAST_BYTES));
    await untilFull(run, episode, env);
    rmSync(ballast);
    disk.resize(LARGE_BYTES);
    run.checkIntegrity(episode);
    await worksAgain(episode);
    run.progress(`cycle ${number}: ${episode.history.length} lines`);
  }
  await episode.conclude();
  disk.unmount();
}

/** Leaves the disk 4 MB beside what is there, of which a file takes `bytes`. Returns the file. */
function takeRoom({ mountPoint, resize }: SmallDisk, bytes: number): string {
  const { blocks, bfree, bsize } = statfsSync(mountPoint);
  resize((blocks - bfree) * bsize + SPARE_BYTES);
  const ballast = join(mountPoint, "ballast");
  writeFileSync(ballast, Buffer.alloc(bytes));
  return ballast;
}

/** The disk fills up while everybody is at work. */
async function untilFull(run: Run, episode: Episode, env: NodeJS.ProcessEnv): Promise<void> {
  const server = await episode.start(env);
  const life = await episode.workload.begin(server.url);
  const exit = await Promise.race([server.exited, longFull(episode)]);
  if (!exit) run.fault(`the disk is full, and the server lived on for ${LONG_FULL_MS} ms`);
  else if (exit.code !== STORAGE_FAILED) run.fault(`with a full disk the server ended ${exitInWords(exit)}`);
  else noteEnd(run, Number(exit.at - episode.unknownAt) / 1e6);
  server.signal("SIGKILL");
  await server.exited;
  await life.noticed();
}

/** Resolves when the disk has been full for a while. */
async function longFull(episode: Episode): Promise<undefined> {
  for (let ms = 0; ms < FULL_LIMIT_MS; ms += POLL_MS) {
    if (episode.unknownAt && msSince(episode.unknownAt) > LONG_FULL_MS) return;
    await sleep(POLL_MS);
  }
}

function msSince(at: bigint): number {
  return Number(process.hrtime.bigint() - at) / 1e6;
}

function noteEnd(run: Run, ms: number): void {
  run.atMost("slowest end, ms", ms);
  if (exceeds(ms, EXIT_LIMIT_MS)) run.fault(`the server lived on for ${Math.round(ms)} ms`);
}

/** A start is all it takes. */
async function worksAgain(episode: Episode): Promise<void> {
  const server = await episode.start();
  const life = await episode.workload.begin(server.url);
  await Promise.race([sleep(WORK_MS), life.ended]);
  await life.leave();
  await server.stop();
}
