/**
 * F2: cuts the power of the disk under a server that is at work, and checks that no promise of the log was broken.
 *
 *     node --conditions=source test/fault/power-cut.ts --cycles 10 [--seed N] [--twin NAME | --plant FAULT]
 *
 * The disk is an ext4 file system in a file. Its shutdown forgets what was not yet written through, like a power cut
 * does; the server is frozen before it. Every second cut waits for a checkpoint. Needs root.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { broken } from "./frame/broken-servers.ts";
import { loopDisk } from "./frame/disks.ts";
import { lacksCommand, lacksRoot } from "./frame/lacks.ts";
import { compile } from "./frame/native.ts";
import { runProgram } from "./frame/program.ts";
import type { Run } from "./frame/run.ts";
import type { ServerProcess } from "./frame/server-process.ts";

const DISK_BYTES = 256 * 2 ** 20;
const SHORTEST_LIFE_MS = 100;
const LONGEST_LIFE_MS = 600;
/** Every fifth cut, the second of them first, comes just behind an erasure. */
const ERASING = 5;
const ERASED_WITHIN_MS = 5000;

await runProgram({
  name: "power-cut",
  cycles: 10,
  cycleSeconds: 90,
  least: { acked: 10, unknown: 1 },
  logsErrors: false,
  twins: {
    "synchronous-normal": { patches: broken.synchronousNormal, found: /^lost-acked-write$/, cycles: 2 },
  },
  lacks: () => lacksRoot() ?? lacksCommand("mkfs.ext4", "mount", "gcc"),
  work: cutAgainAndAgain,
});

async function cutAgainAndAgain(run: Run): Promise<void> {
  const cut = compile("cut");
  const disk = loopDisk(join(run.directory, "disk"), DISK_BYTES);
  const episode = run.episode({ data: join(disk.mountPoint, "data") });
  for (const number of run.numbers()) {
    const server = await episode.start();
    const erases = number % ERASING === 2;
    const life = await episode.workload.begin(server.url, { erases });
    const ms = erases ? ERASED_WITHIN_MS : run.random.int(SHORTEST_LIFE_MS, LONGEST_LIFE_MS);
    await Promise.race([sleep(ms), life.ended, ...(erases ? [life.erased] : [])]);
    const kind = await cutPower(cut, server, {
      disk: disk.mountPoint,
      data: episode.data,
      inCheckpoint: number % 2 === 0,
    });
    run.count(`cuts ${kind === "checkpoint" ? "in a checkpoint" : "elsewhere"}`);
    await server.kill();
    await life.noticed();
    disk.unmount();
    disk.mount();
    run.checkIntegrity(episode);
    run.progress(`cycle ${number}: ready in ${Math.round(server.readyMs)} ms, cut: ${kind}`);
  }
  await episode.conclude();
  disk.unmount();
}

interface Where {
  readonly disk: string;
  readonly data: string;
  readonly inCheckpoint: boolean;
}

/** Freezes the server and cuts; returns where the cut fell. */
async function cutPower(
  cut: string,
  { pid }: ServerProcess,
  { disk, data, inCheckpoint }: Where,
): Promise<string> {
  const database = join(data, "roomlog.db");
  const args = [String(pid), disk, `${database}-shm`, ...(inCheckpoint ? [database] : [])];
  const { stdout } = await promisify(execFile)(cut, args);
  return stdout.trim();
}
