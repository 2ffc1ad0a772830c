import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { HistoryRecord } from "roomlog/testing";
import { verify } from "../../../packages/server/src/store/sqlite/verify/verify.ts";
import { type Company, Workload } from "../workload/workload.ts";
import { exceeds } from "./exceeds.ts";
import type { Random } from "./random.ts";
import { ServerProcess } from "./server-process.ts";

export interface EpisodeOptions {
  /** The data directory; made when it is not there. */
  readonly data: string;
  readonly log: string;
  /** The command line of the server. */
  readonly main: string;
  readonly random: Random;
  /** Close codes that the fault may bring. */
  readonly closes: readonly number[];
  /** Told what is wrong beside the history. */
  readonly fault: (what: string) => void;
  /** Counts for the summary. */
  readonly count: (figure: string, by?: number) => void;
}

/** Alone it takes a second; here it starts beside other programs and their servers. */
const READY_LIMIT_MS = 5000;

/** The word of a body, as it is stored. */
const WORD = /"word":"(\w+)"/g;

/** One data directory, what was done to it through the lives of its server, and what was seen. */
export class Episode {
  readonly data: string;
  /** It grows as things happen, so that a run that breaks off can be looked into. */
  readonly history: HistoryRecord[] = [];
  readonly starts: { readonly ms: number; readonly isSlow: boolean }[] = [];
  readonly workload: Workload;
  readonly #options: EpisodeOptions;
  #acknowledgedAt = 0n;
  #unknownAt = 0n;

  constructor(options: EpisodeOptions) {
    this.#options = options;
    this.data = options.data;
    mkdirSync(this.data, { recursive: true });
    this.workload = new Workload({ ...options, record: (line) => this.#record(line) });
  }

  /** When the newest answer ok to a send came; nanoseconds of the monotonic clock. */
  get acknowledgedAt(): bigint {
    return this.#acknowledgedAt;
  }

  /** When the first send of unknown outcome was told in the present life of the server. */
  get unknownAt(): bigint {
    return this.#unknownAt;
  }

  async start(env?: NodeJS.ProcessEnv): Promise<ServerProcess> {
    const { main, data, log } = this.#options;
    const server = await ServerProcess.start({ main, data, log, env });
    this.#unknownAt = 0n;
    const ms = Math.round(server.readyMs);
    this.starts.push({ ms, isSlow: exceeds(ms, READY_LIMIT_MS) });
    return server;
  }

  /** The last life: everybody catches up, then everything is read. Without it a history cannot be judged. */
  async conclude(company?: Company): Promise<void> {
    const server = await this.start();
    const life = await this.workload.begin(server.url, company);
    await life.leave();
    // While it runs: its end would clear up.
    this.checkErased();
    await this.workload.readAll(server.url);
    await server.stop();
    this.#verify();
  }

  /** Everything is as it was written: digests, ids, tables, indexes (O7). */
  #verify(): void {
    const found = (fault: object) => this.#options.fault(`verify: ${JSON.stringify(fault)}`);
    verify({ directory: this.data, told: () => {}, found });
    this.checkErased();
  }

  /** What was erased is in no file (M21). */
  checkErased(): void {
    const gone = this.workload.ledger.goneWords();
    if (gone.size === 0) return;
    const files = readdirSync(this.data).map((name) => join(this.data, name));
    for (const file of files.filter((name) => statSync(name).isFile())) {
      const left = [...readFileSync(file, "latin1").matchAll(WORD)].filter(([, word = ""]) => gone.has(word));
      if (left.length > 0)
        this.#options.fault(
          `erased: ${left.length} bodies are in ${basename(file)}, the first of ${left[0]?.[1]}`,
        );
    }
  }

  /** Gives the space of the data back. */
  discard(): void {
    rmSync(this.data, { recursive: true });
  }

  #record(line: HistoryRecord): void {
    this.history.push(line);
    if (line.kind === "unknown") this.#unknownAt ||= process.hrtime.bigint();
    if (line.kind === "ok") this.#acknowledgedAt = process.hrtime.bigint();
  }
}
