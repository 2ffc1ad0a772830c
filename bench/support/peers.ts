import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

const DIRECTORY = resolve(import.meta.dirname, "../peers");

/** A program of bench/peers. */
export function peerProgram(name: string): string {
  return resolve(DIRECTORY, name);
}

/** What to do when a package of bench/peers is not there. */
export function missingPeer(name: string): string | undefined {
  if (existsSync(resolve(DIRECTORY, "node_modules", name))) return undefined;
  return `package ${name} is not installed: npm ci --prefix bench/peers`;
}

export function peerVersion(name: string): string {
  const file = resolve(DIRECTORY, "node_modules", name, "package.json");
  return `${name} ${(JSON.parse(readFileSync(file, "utf8")) as { version: string }).version}`;
}
