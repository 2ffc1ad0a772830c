import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Point } from "./failure-points.ts";

/** The call that failed. */
export interface Hit {
  readonly call: string;
  readonly path: string;
  /** Whether a commit was waiting for it. */
  readonly inCommit: boolean;
  /** Nanoseconds of the monotonic clock. */
  readonly at: bigint;
}

const POLL_MS = 2;

/** Makes the call of one point fail in a server that runs with `env`; see `native/failing-calls.c`. */
export class FailingCalls {
  readonly env: NodeJS.ProcessEnv;
  readonly #armed: string;
  readonly #report: string;

  constructor(library: string, data: string, { target, nth, errno, ever }: Point) {
    this.#armed = `${data}.armed`;
    this.#report = `${data}.report`;
    this.env = {
      LD_PRELOAD: library,
      FAIL_FILES: data,
      FAIL_END: target.end,
      FAIL_CALL: target.call,
      FAIL_ARMED: target.atWork ? this.#armed : "",
      FAIL_AT: String(nth),
      FAIL_WITH: String(errno),
      FAIL_EVER: ever ? "1" : "0",
      FAIL_REPORT: this.#report,
    };
  }

  /** Counting begins, where it waits for the server to be at work. */
  arm(): void {
    writeFileSync(this.#armed, "");
  }

  /** Undefined while the call has not come. */
  get hit(): Hit | undefined {
    const line = existsSync(this.#report) ? readFileSync(this.#report, "utf8") : "";
    if (!line.endsWith("\n")) return undefined;
    const [call = "", path = "", unsynced = "", at = ""] = line.trim().split(" ");
    return { call, path, at: BigInt(at), inCommit: isOfCommit(call, path, Number(unsynced)) };
  }

  async met(ms: number): Promise<Hit | undefined> {
    for (let waited = 0; waited < ms && !this.hit; waited += POLL_MS) await sleep(POLL_MS);
    return this.hit;
  }
}

/**
 * Only a commit writes to the log, and it syncs what it wrote. A checkpoint syncs the log once more, when there is
 * nothing left to sync; what fails in a checkpoint is tried again from the log, which is still there.
 */
function isOfCommit(call: string, path: string, unsynced: number): boolean {
  return path.endsWith("-wal") && (!call.includes("sync") || unsynced > 0);
}
