/** Between two looks at the clock, in milliseconds. */
const EVERY_MS = 5;

/**
 * How long the event loop did not come round. A machine that is shared stops a process now and then: what was not
 * spent on the processor by this thread is no fault of the server.
 */
export class StallWatch {
  #seen = performance.now();
  #used = cpuMs();
  #longest = { cpuMs: 0, wallMs: 0 };

  constructor() {
    setInterval(() => this.#see(), EVERY_MS).unref();
  }

  /** The longest turn since the last call. */
  take(): { readonly cpuMs: number; readonly wallMs: number } {
    this.#see();
    const longest = this.#longest;
    this.#longest = { cpuMs: 0, wallMs: 0 };
    return longest;
  }

  #see(): void {
    const now = performance.now();
    const used = cpuMs();
    const wallMs = Math.max(0, now - this.#seen - EVERY_MS);
    this.#longest = {
      cpuMs: Math.max(this.#longest.cpuMs, Math.min(wallMs, used - this.#used)),
      wallMs: Math.max(this.#longest.wallMs, wallMs),
    };
    this.#seen = now;
    this.#used = used;
  }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
