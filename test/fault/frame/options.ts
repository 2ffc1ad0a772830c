import { parseArgs } from "node:util";
import { isPlant, type PlantName, plants } from "./plants.ts";

/** What a fault program is told to do. */
export interface Options {
  /** As often as the program says when undefined. */
  readonly cycles: number | undefined;
  readonly seed: number;
  /** A fault put into what was recorded. */
  readonly plant: PlantName;
  /** The broken server to run instead of the real one; `"all"` for each of them in turn, `"list"` for their names. */
  readonly twin: string | undefined;
  /** Whether the server is known to be built. */
  readonly built: boolean;
}

/** Throws when a flag makes no sense. */
export function readOptions(): Options {
  const text = { type: "string" } as const;
  const flags = { cycles: text, seed: text, plant: text, twin: text, built: { type: "boolean" } } as const;
  const { values } = parseArgs({ options: flags });
  const cycles = values.cycles === undefined ? undefined : Number(values.cycles);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
  const { plant = "none", twin, built = false } = values;
  if (cycles !== undefined && !(Number.isInteger(cycles) && cycles >= 1))
    throw new Error("--cycles: a whole number from 1");
  if (!Number.isInteger(seed)) throw new Error("--seed: a whole number");
  if (!isPlant(plant)) throw new Error(`--plant: one of ${Object.keys(plants).join(", ")}`);
  return { cycles, seed, plant, twin, built };
}

/** Prints the names of the twins, and ends. */
export function listTwins(twins: object): never {
  console.log(Object.keys(twins).join("\n"));
  process.exit(0);
}
