import { mkdirSync, readFileSync, realpathSync } from "node:fs";
import { sep } from "node:path";

/** Makes a directory, refuses one that is not on a disk, and names the file system of one that is. */
export function diskOf(directory: string): string {
  mkdirSync(directory, { recursive: true });
  const type = fileSystemOf(directory);
  if (type !== "tmpfs" && type !== "ramfs") return type;
  throw new Error(`${directory} is in memory (${type}). Name a directory on a disk with --data.`);
}

/** The type of the file system that holds a directory, as the kernel names it: `ext4`, `tmpfs` … */
function fileSystemOf(directory: string): string {
  const path = realpathSync(directory);
  const mounts = readFileSync("/proc/self/mounts", "utf8").trim().split("\n");
  let [best, type] = ["", "unknown"];
  for (const [, point = "", kind = ""] of mounts.map((line) => line.split(" "))) {
    const holds = path === point || path.startsWith(point.endsWith(sep) ? point : point + sep);
    if (holds && point.length >= best.length) [best, type] = [point, kind];
  }
  return type;
}
