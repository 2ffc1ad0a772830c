import { isDeepStrictEqual } from "node:util";
import type { Config } from "./config.ts";

/** Settings that are read once, when the server starts. */
const ONCE: readonly (readonly string[])[] = [
  ["host"],
  ["port"],
  ["trusted_proxies"],
  ["data"],
  ["store"],
  ["limits", "frame_bytes"],
  ["limits", "fragments"],
];

/** The settings that are not those of the start, and take effect only after a restart (S4). */
export function needsRestart(started: Config, next: Config): string[] {
  const changed = ONCE.filter((path) => !isDeepStrictEqual(at(started, path), at(next, path)));
  const names = new Set([...Object.keys(started.services), ...Object.keys(next.services)]);
  const services = [...names].flatMap((name) => {
    const [old, now] = [started.services[name], next.services[name]];
    if (!old || !now) return [`services.${name}`];
    return isDeepStrictEqual(old.listeners, now.listeners) ? [] : [`services.${name}.listeners`];
  });
  return [...changed.map((path) => path.join(".")), ...services];
}

function at(config: Config, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], config);
}
