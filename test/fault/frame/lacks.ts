import { spawnSync } from "node:child_process";

/** The first of some commands that is not there, in words. */
export function lacksCommand(...commands: readonly string[]): string | undefined {
  const missing = commands.find((command) => spawnSync("which", [command]).status !== 0);
  return missing && `there is no ${missing} on this machine`;
}

export function lacksRoot(): string | undefined {
  return process.getuid?.() === 0 ? undefined : "only root can mount disks";
}
