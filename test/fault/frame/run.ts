import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { searchFaults } from "../../../packages/server/src/store/sqlite/search-check.ts";
import { atExit } from "./at-exit.ts";
import { Episode } from "./episode.ts";
import { type Random, seeded } from "./random.ts";
import { realServer } from "./twins.ts";

export interface RunOptions {
  readonly name: string;
  /** The command line of the server. */
  readonly main: string;
  readonly cycles: number;
  readonly seed: number;
}

/** What a fault program works with, and what it finds. */
export class Run {
  readonly title: string;
  readonly cycles: number;
  readonly random: Random;
  /** Holds the log of the server, the data that lie nowhere else, and the evidence. Gone at the end unless kept. */
  readonly directory: string;
  readonly episodes: Episode[] = [];
  /** What is wrong beside the history, in words. */
  readonly faults: string[] = [];
  /** Figures for the summary. */
  readonly figures = new Map<string, number>();
  readonly #main: string;
  readonly #keep: () => void;

  constructor({ name, main, cycles, seed }: RunOptions) {
    this.title = `${name}: ${cycles} cycles, seed ${seed}`;
    this.cycles = cycles;
    this.random = seeded(seed);
    this.directory = mkdtempSync(join(tmpdir(), `roomlog-${name}-`));
    writeFileSync(this.log, "");
    this.#main = main;
    // Before anything is mounted in it, so that it goes after that.
    this.#keep = atExit(() => rmSync(this.directory, { recursive: true, force: true }));
  }

  /** Leaves the directory behind. */
  keep(): void {
    this.#keep();
  }

  get log(): string {
    return join(this.directory, "server.log");
  }

  /** Whether the server is broken on purpose. */
  get isTwin(): boolean {
    return this.#main !== realServer;
  }

  /** 1, 2, 3 … */
  *numbers(): Generator<number> {
    for (let number = 1; number <= this.cycles; number++) yield number;
  }

  /** Begins with an empty data directory; `closes` are the close codes that the fault may bring. */
  episode(parts: { readonly data?: string; readonly closes?: readonly number[] } = {}): Episode {
    const { log } = this;
    const told = {
      fault: (what: string) => this.fault(what),
      count: (figure: string, by?: number) => this.count(figure, by),
    };
    const { data = join(this.directory, `data-${this.episodes.length + 1}`), closes = [] } = parts;
    const random = this.random.fork();
    const episode = new Episode({ data, log, main: this.#main, random, closes, ...told });
    this.episodes.push(episode);
    return episode;
  }

  fault(what: string): void {
    this.faults.push(what);
  }

  count(figure: string, by = 1): void {
    this.figures.set(figure, (this.figures.get(figure) ?? 0) + by);
  }

  atMost(figure: string, value: number): void {
    this.figures.set(figure, Math.max(this.figures.get(figure) ?? 0, Math.round(value)));
  }

  progress(line: string): void {
    if (process.stdout.isTTY) console.log(line);
  }

  /** Has SQLite look over a copy of the files as they lie there, before a server mends them, and compares the index of words (M18). What was erased is not there (M21). */
  checkIntegrity(episode: Episode): void {
    const copy = join(this.directory, "copy.db");
    for (const end of ["", "-wal"]) {
      const file = join(episode.data, `roomlog.db${end}`);
      rmSync(copy + end, { force: true });
      if (existsSync(file)) copyFileSync(file, copy + end);
    }
    episode.checkErased();
    const db = new Database(copy);
    const verdict = db.pragma("integrity_check", { simple: true });
    if (verdict !== "ok") this.fault(`integrity_check: ${verdict}`);
    else for (const { what } of searchFaults(db)) this.fault(`search: ${what}`);
    db.close();
  }
}
