import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DATABASE } from "../../store/sqlite/file.ts";
import { humaneBytes } from "../output.ts";
import { type Finding, findings } from "./finding.ts";

const { ok, warn, fail } = findings("storage");

const SYNCS = 20;
const SYNC_BYTES = 4096;
/** A send waits so long at least; over it is felt. */
const SLOW_SYNC_MS = 20;
/** Faster than any disk that keeps what it says it has kept. */
const NO_SYNC_MS = 0.02;
const LITTLE_SPACE = 1_073_741_824;

/** By the number that `statfs` gives (Linux). */
const FILE_SYSTEMS: Readonly<Record<number, readonly [name: string, trouble: string]>> = {
  16914836: ["tmpfs", "it is in memory, and lost with a restart: put the data on a disk"],
  26985: ["NFS", "SQLite's write-ahead log needs a local disk: put the data on one"],
  4283649346: ["CIFS", "SQLite's write-ahead log needs a local disk: put the data on one"],
  4266872130: ["SMB", "SQLite's write-ahead log needs a local disk: put the data on one"],
  2035054128: ["overlayfs", "in a container it goes with the container: put the data on a volume"],
};

/** The directory, or where it will be made. */
function placeOf(data: string): string {
  for (let place = resolve(data); ; place = dirname(place)) if (existsSync(place)) return place;
}

export function writable(data: string): Finding {
  const place = placeOf(data);
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const advice = "run it as the user of the server, or give the directory to who runs this";
    return fail("data directory", `${place}: ${(cause as Error).message}`, advice);
  }
  const isThere = place === resolve(data);
  return ok("data directory", isThere ? place : `${resolve(data)}, made at the first start`);
}

/** `least`: `store.min_free_bytes`. */
export function space(data: string, least: number): Finding {
  const { bavail, bsize } = statfsSync(placeOf(data));
  const free = bavail * bsize;
  const found = `${humaneBytes(free)} free`;
  if (free < least)
    return fail(
      "disk space",
      found,
      `make room: under ${humaneBytes(least)} (store.min_free_bytes) sends are refused`,
    );
  if (free < LITTLE_SPACE) return warn("disk space", found, "make room, or bound the logs: msglog.retention");
  return ok("disk space", found);
}

export function fileSystem(data: string): Finding {
  const known = FILE_SYSTEMS[statfsSync(placeOf(data)).type];
  return known ? warn("file system", known[0], known[1]) : ok("file system", "local, as far as can be seen");
}

/** How long the disk takes to keep something: the median of some writes, each with its fsync. */
export function syncTime(data: string): Finding {
  const file = join(placeOf(data), `.roomlog-doctor-${process.pid}`);
  try {
    return judged(timesOf(file).sort((a, b) => a - b));
  } catch (error) {
    return fail("fsync", `nothing can be written there: ${(error as Error).message}`, "choose another disk");
  }
}

function judged(times: readonly number[]): Finding {
  const [median = 0, worst = 0] = [times[SYNCS / 2], times.at(-1)];
  const found = `${median.toFixed(2)} ms in the middle, ${worst.toFixed(1)} ms at worst, of ${SYNCS}`;
  if (median > SLOW_SYNC_MS)
    return warn("fsync", found, "every send waits for one: take a faster disk, best an SSD of its own");
  if (median < NO_SYNC_MS)
    return warn("fsync", found, "no disk is that fast: what it says it has kept is lost in a power cut");
  return ok("fsync", found);
}

function timesOf(file: string): number[] {
  const handle = openSync(file, "wx", 0o600);
  const bytes = Buffer.alloc(SYNC_BYTES, 1);
  try {
    return Array.from({ length: SYNCS }, (_, i) => {
      const began = performance.now();
      writeSync(handle, bytes, 0, bytes.length, i * SYNC_BYTES);
      fsyncSync(handle);
      return performance.now() - began;
    });
  } finally {
    closeSync(handle);
    rmSync(file);
  }
}

const SECRET_FILES = [DATABASE, `${DATABASE}-wal`, "users.json", "secret.key"];
const FOR_OTHERS = 0o077;

/** What belongs to somebody else, the server may not be able to read: it runs as who has the directory. */
export function owners(data: string): Finding {
  const { uid } = statSync(data);
  const others = SECRET_FILES.map((name) => join(data, name)).filter((file) => {
    const found = statSync(file, { throwIfNoEntry: false });
    return found && found.uid !== uid;
  });
  if (others.length === 0) return ok("file owners", "all belong to who has the directory");
  const files = others.join(" ");
  return warn(
    "file owners",
    `not to who has the directory (user ${uid}) belong ${files}`,
    `if the server runs as user ${uid}: chown --reference=${data} ${files}`,
  );
}

/** Others read neither messages nor hashes of passwords. */
export function modes(data: string): Finding {
  const open = [data, ...SECRET_FILES.map((name) => join(data, name))].filter((file) => {
    const found = statSync(file, { throwIfNoEntry: false });
    return found && (found.mode & FOR_OTHERS) !== 0;
  });
  if (open.length === 0) return ok("file modes", "nobody else can read the data");
  // Files in a directory that is closed to others are closed to them too.
  const isClosed = (statSync(data).mode & FOR_OTHERS) === 0;
  if (isClosed) return ok("file modes", "nobody else can enter the directory");
  return warn("file modes", `others can read ${open.join(", ")}`, `chmod go= ${open.join(" ")}`);
}
