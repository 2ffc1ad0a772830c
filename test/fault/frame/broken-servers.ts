import type { Patch } from "./twins.ts";

const FAILURE = "this.#failure ??= { cause, reported: false };";

/** Faults that a server could have. The texts are those of the built modules. */
export const broken = {
  /** Answers a batch, then commits it with the next one. */
  ackBeforeCommit: [
    {
      file: "store/sqlite/writer.js",
      from: "return this.#commit.immediate(writes);",
      to: `if (this.#db.inTransaction) this.#db.exec("COMMIT");
        this.#db.exec("BEGIN IMMEDIATE");
        setTimeout(() => this.#db.inTransaction && this.#db.exec("COMMIT"), 50);
        return this.#applyAll(writes);`,
    },
  ],
  /** The value that most guides to SQLite suggest: a commit does not wait for the disk. */
  synchronousNormal: [
    { file: "store/sqlite/file.js", from: "synchronous = full", to: "synchronous = normal" },
    { file: "store/sqlite/file.js", from: "synchronous !== 2", to: "synchronous !== 1" },
  ],
  /** A commit that failed is unknown to its senders, and the next one is tried. */
  goesOnAfterFailure: [{ file: "store/managed.js", from: FAILURE, to: "" }],
  /** A commit that failed is tried again: the fsync that is tried again succeeds. */
  triesAgain: [{ file: "store/managed.js", from: FAILURE, to: "return await this.#tryCommit(writes);" }],
  /** Takes a pause of its own for one of its clients. */
  pauseIsSilence: [
    {
      file: "core/session.js",
      from: 'const state = this.#state;\n        if (state.name === "closed")\n            return;',
      to: `const state = this.#state;
        const before = this.swept ?? now;
        this.swept = now;
        if (state.name === "closed") return;
        if (now - before > 5000) return this.close(4001, "not answered");`,
    },
  ],
  /** Takes the time of day as it comes. */
  timeNotRaised: [
    {
      file: "store/sqlite/writer.js",
      from: "counter.last_timestmap = Math.max(counter.last_timestmap, timestmap);",
      to: "counter.last_timestmap = timestmap;",
    },
  ],
  /** Measures how long something takes by the time of day. */
  timersByTheWall: [
    {
      file: "core/clock.js",
      from: "monotonic: () => performance.now(),",
      to: "monotonic: () => Date.now(),",
    },
  ],
} satisfies Record<string, readonly Patch[]>;
