import type { Clock, Stop } from "../core/clock.ts";

interface Task {
  readonly run: () => void;
  at: number;
  readonly every: number | undefined;
}

/** A clock that moves only when it is told to. */
export class ManualClock implements Clock {
  /** µs since 1970 */
  wallNow = 1_700_000_000_000_000;
  #now = 0;
  readonly #tasks = new Set<Task>();

  wall(): number {
    return this.wallNow;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): Stop {
    return this.#add({ run, at: this.#now + ms, every: undefined });
  }

  every(ms: number, run: () => void): Stop {
    return this.#add({ run, at: this.#now + ms, every: ms });
  }

  /** Lets `ms` pass; what falls due runs in order, at its own time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let task = this.#next(end); task; task = this.#next(end)) {
      this.#now = task.at;
      if (task.every === undefined) this.#tasks.delete(task);
      else task.at += task.every;
      task.run();
    }
    this.#now = end;
    this.wallNow += ms * 1000;
  }

  /** Lets `ms` pass in which the process did not run: what fell due meanwhile runs once, at the end. */
  stall(ms: number): void {
    this.#now += ms;
    this.wallNow += ms * 1000;
    const due = [...this.#tasks].filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at);
    for (const task of due) {
      if (task.every === undefined) this.#tasks.delete(task);
      else task.at = this.#now + task.every;
      task.run();
    }
  }

  #next(end: number): Task | undefined {
    return [...this.#tasks].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }

  #add(task: Task): Stop {
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }
}
