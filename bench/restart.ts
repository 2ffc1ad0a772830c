/**
 * How long a start takes with much on the disk: from the start of the process to its ready line.
 *
 *   node --conditions=source bench/restart.ts [--rooms 1000] [--messages 1000] [--rounds 5]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fillStore } from "./support/fill.ts";
import { percentile } from "./support/numbers.ts";
import { startServerProcess } from "./support/server.ts";

const number = (fallback: string) => ({ type: "string", default: fallback }) as const;
const { values } = parseArgs({
  options: { rooms: number("1000"), messages: number("1000"), rounds: number("5") },
});
const [rooms, messages, rounds] = [
  Number(values.rooms),
  Number(values.messages),
  Number(values.rounds),
] as const;

const data = mkdtempSync(join(tmpdir(), "roomlog-restart-"));
try {
  const empty = await starts(join(data, "empty"));
  await fillStore(join(data, "full"), { prefix: "room", rooms, messages });
  const full = await starts(join(data, "full"));
  console.log(`${rooms} rooms with ${messages} messages each, ${rounds} starts; median and slowest`);
  for (const [name, times] of [["empty", empty] as const, ["full", full] as const]) {
    console.log(`${name}: ${percentile(times, 50).toFixed(0)} ms, ${Math.max(...times).toFixed(0)} ms`);
  }
} finally {
  rmSync(data, { recursive: true, force: true });
}

async function starts(directory: string): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    const server = await startServerProcess({ data: directory }, tmpdir());
    times.push(performance.now() - began);
    await server.stop();
  }
  return times;
}
