import { statfs } from "node:fs/promises";

/** Whether the disk of the data has so little left that nothing more is to be written (Q9). */
export class FreeSpace {
  readonly #directory: string;
  readonly #least: number;
  readonly #onChange: (isLow: boolean, free_bytes: number) => void;
  #isLow = false;
  #bytes: number | undefined;
  #checking = false;

  constructor(directory: string, least: number, onChange: (isLow: boolean, free_bytes: number) => void) {
    this.#directory = directory;
    this.#least = least;
    this.#onChange = onChange;
  }

  get isLow(): boolean {
    return this.#isLow;
  }

  /** Free space when it was looked at last; undefined when the file system does not say. */
  get bytes(): number | undefined {
    return this.#bytes;
  }

  /** Looks again; called about once a second. A look that takes longer is waited for. */
  async check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    const free = await freeBytes(this.#directory);
    this.#checking = false;
    this.#bytes = free;
    if (free === undefined || free < this.#least === this.#isLow) return;
    this.#isLow = !this.#isLow;
    this.#onChange(this.#isLow, free);
  }
}

/** Undefined when the file system does not say. */
async function freeBytes(directory: string): Promise<number | undefined> {
  const found = await statfs(directory).catch(() => undefined);
  return found && found.bavail * found.bsize;
}
