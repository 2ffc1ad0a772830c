import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Fault, verify } from "../../packages/server/src/store/sqlite/verify/verify.ts";
import { StoreError } from "../../packages/server/src/store/store.ts";
import { chanceOf } from "./chance.ts";
import { type Change, changeByte, deleteRow, dump, insertRow, swapRows, updateRow } from "./changes.ts";
import { writeSample } from "./sample.ts";

export interface Tally {
  /** Changes that a reader can see. */
  readonly seen: number;
  /** Of these, how many `verify` found. */
  readonly found: number;
  /** Bytes in free space, and changes that left everything as it was. */
  readonly unseen: number;
  /** Of these, how many `verify` found all the same. */
  readonly unseenFound: number;
  readonly missed: readonly string[];
}

const CHANGES: readonly Change[] = [
  changeByte,
  changeByte,
  changeByte,
  changeByte,
  updateRow,
  deleteRow,
  insertRow,
  swapRows,
];

const FILE = "roomlog.db";

/** What is wrong with a data directory; a file that cannot be taken for one is one fault. */
function faultsIn(directory: string): readonly Pick<Fault, "what">[] {
  const faults: Fault[] = [];
  try {
    verify({ directory, room: undefined, told() {}, found: (fault) => faults.push(fault) });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return [{ what: error.message }];
  }
  return faults;
}

/**
 * Makes changes to a database one at a time until so many are there that a reader can see, and looks whether `verify`
 * finds each. A change that leaves a dump of all rows as it was is none: it hit free space, or wrote what was there.
 */
export async function tamper(directory: string, changes: number, seed: number): Promise<Tally> {
  const chance = chanceOf(seed);
  await writeSample(directory, chance);
  const [file, clean] = [join(directory, FILE), join(directory, "clean.db")];
  copyFileSync(file, clean);
  const before = dump(clean);
  const faults = faultsIn(directory);
  if (faults.length > 0) throw new Error(`a clean database has faults: ${JSON.stringify(faults)}`);
  const tally = { seen: 0, found: 0, unseen: 0, unseenFound: 0, missed: [] as string[] };
  while (tally.seen < changes) {
    for (const rest of ["-wal", "-shm"]) rmSync(file + rest, { force: true });
    copyFileSync(clean, file);
    const what = chance.one(CHANGES)(file, chance);
    if (what === undefined) continue;
    const isFound = faultsIn(directory).length > 0;
    if (dump(file) === before) {
      tally.unseen += 1;
      tally.unseenFound += isFound ? 1 : 0;
      continue;
    }
    tally.seen += 1;
    tally.found += isFound ? 1 : 0;
    if (!isFound) tally.missed.push(what);
  }
  return tally;
}
