import type { Clock, Stop } from "../../core/plugin.ts";
import type { Lane } from "./lane.ts";

/** What is told comes again after a kill if it was answered in this time before (W2), in milliseconds. */
const KEEP_MS = 500;

/** Writes down how far lanes are: many together, so that it costs few commits. */
export class Keeper {
  readonly #clock: Clock;
  readonly #onKept: (lane: Lane) => void;
  #lanes = new Set<Lane>();
  #stopTimer: Stop | undefined;
  #isStopped = false;

  constructor(clock: Clock, onKept: (lane: Lane) => void) {
    this.#clock = clock;
    this.#onKept = onKept;
  }

  /** With the next ones. */
  add(lane: Lane): void {
    if (this.#isStopped) return;
    this.#lanes.add(lane);
    this.#stopTimer ??= this.#clock.after(KEEP_MS, () => void this.flush());
  }

  /** What is told from now on comes again. */
  stop(): void {
    void this.flush();
    this.#isStopped = true;
  }

  /** Queues all writes in this call; resolves when they are durable, or the store has failed. */
  async flush(): Promise<void> {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const lanes = this.#lanes;
    this.#lanes = new Set();
    // A store that has failed is the end of the server: it says so itself.
    const keep = async (lane: Lane) =>
      lane
        .keep()
        .then(() => this.#onKept(lane))
        .catch(() => {});
    await Promise.all(Array.from(lanes, keep));
  }
}
