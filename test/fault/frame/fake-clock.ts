import { existsSync, renameSync, writeFileSync } from "node:fs";

const MACHINE = process.arch === "arm64" ? "aarch64" : "x86_64";
const LIBRARY = `/usr/lib/${MACHINE}-linux-gnu/faketime/libfaketimeMT.so.1`;

/** The time of day of one process, by libfaketime; its monotonic clock is the true one. */
export class FakeClock {
  readonly env: NodeJS.ProcessEnv;
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    this.set(0);
    this.env = {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      DONT_FAKE_MONOTONIC: "1",
    };
  }

  static lacks(this: void): string | undefined {
    return existsSync(LIBRARY) ? undefined : `there is no ${LIBRARY} on this machine`;
  }

  /** Against the true time. Whoever reads meanwhile finds a whole file. */
  set(seconds: number): void {
    writeFileSync(`${this.#file}.new`, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}
