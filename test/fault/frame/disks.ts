import { execFileSync } from "node:child_process";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { atExit } from "./at-exit.ts";

/** A file system of its own; gone when this program ends. */
interface Disk {
  readonly mountPoint: string;
  /** Takes it out; every file on it has to be closed. */
  unmount(): void;
}

/** A disk whose power can be cut: ext4 in a file. */
export interface LoopDisk extends Disk {
  /** Puts it in again; the file system replays its journal. */
  mount(): void;
}

/** A disk in memory, of which a full one can be made. */
export interface SmallDisk extends Disk {
  resize(bytes: number): void;
}

export function loopDisk(path: string, bytes: number): LoopDisk {
  const image = `${path}.img`;
  writeFileSync(image, "");
  truncateSync(image, bytes);
  run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image);
  mkdirSync(path);
  const mount = () => {
    run("mount", "-t", "ext4", "-o", "loop", image, path);
    return atExit(() => run("umount", "--lazy", path));
  };
  let forget = mount();
  return {
    mountPoint: path,
    mount() {
      forget = mount();
    },
    unmount() {
      run("umount", path);
      forget();
    },
  };
}

export function smallDisk(path: string, bytes: number): SmallDisk {
  mkdirSync(path);
  run("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path);
  const forget = atExit(() => run("umount", "--lazy", path));
  return {
    mountPoint: path,
    unmount() {
      run("umount", path);
      forget();
    },
    resize(size) {
      run("mount", "-o", `remount,size=${size}`, path);
    },
  };
}

/** The error of what fails says what the command said. */
function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
}
