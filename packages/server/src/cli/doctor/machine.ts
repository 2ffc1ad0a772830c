import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { version } from "../../version.ts";
import { humaneBytes, humaneCount } from "../output.ts";
import { type Finding, findings } from "./finding.ts";

const { ok, warn, fail } = findings("unavailable");

const MIB = 1_048_576;
/** The server itself, with little in it. */
const LEAST_MEMORY = 256 * MIB;
/** An idle session, measured (bench/RESULTS.md, W5), and what it may make wait. */
const SESSION_BYTES = 16 * 1024;
/** Files of the store, listeners, and what Node opens. */
const OWN_DESCRIPTORS = 64;
const CLOCK_SAMPLE_MS = 200;
/** As much as one second in ten would be. */
const CLOCK_DRIFT_MS = 20;
/** Before anything of this was written. */
const EARLIEST_WALL = Date.UTC(2026, 0);

export function versions(): Finding {
  return ok("versions", `roomlog ${version}, Node ${process.versions.node}`);
}

export function memory(connections: number): Finding {
  const limit = process.constrainedMemory();
  const total = totalmem();
  const isBounded = limit > 0 && limit < total;
  const bytes = isBounded ? limit : total;
  const found = `${humaneBytes(bytes)}${isBounded ? " (limit of the control group)" : ""}`;
  if (bytes < LEAST_MEMORY) return fail("memory", found, `give it ${humaneBytes(LEAST_MEMORY)} or more`);
  const wanted = LEAST_MEMORY + connections * SESSION_BYTES;
  if (bytes < wanted)
    return warn(
      "memory",
      found,
      `limits.connections allows ${humaneCount(connections)} connections, for which ${humaneBytes(wanted)} are advised: lower it, or give more memory`,
    );
  return ok("memory", found);
}

/** `limits`: the text of /proc/self/limits. Node has raised its own soft limit to the hard one already. */
export function descriptors(connections: number, limits = linuxLimits()): Finding {
  const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(limits) ?? [];
  if (hard === undefined) return ok("file descriptors", "this system does not say how many there may be");
  if (hard === "unlimited") return ok("file descriptors", "no limit");
  const found = `at most ${humaneCount(Number(hard))}`;
  if (Number(hard) >= connections + OWN_DESCRIPTORS) return ok("file descriptors", found);
  return warn(
    "file descriptors",
    found,
    `limits.connections allows ${humaneCount(connections)}: raise the limit (ulimit -Hn, LimitNOFILE= of systemd, --ulimit nofile of docker), or lower limits.connections`,
  );
}

function linuxLimits(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return "";
  }
}

/** `newest`: the time of the newest message, µs since 1970. */
export async function clock(newest: number | undefined, now = Date.now): Promise<Finding> {
  const [wall, monotonic] = [now(), performance.now()];
  await sleep(CLOCK_SAMPLE_MS);
  const drift = Math.abs(now() - wall - (performance.now() - monotonic));
  const found = `${new Date(now()).toISOString()}; whether that is right cannot be seen from here`;
  const advice = "set the clock, and let NTP keep it (timedatectl)";
  if (now() < EARLIEST_WALL) return fail("clock", found, advice);
  if (newest !== undefined && newest / 1000 > now() + 1000) {
    const ahead = new Date(newest / 1000).toISOString();
    return warn("clock", `${found}; the newest message is of ${ahead}, so the clock was set back`, advice);
  }
  if (drift > CLOCK_DRIFT_MS)
    return warn(
      "clock",
      `${found}; it moved ${Math.round(drift)} ms against steady time while looked at`,
      advice,
    );
  return ok("clock", found);
}
