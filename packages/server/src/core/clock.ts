/** Time, passed in so that tests can move it. */
export interface Clock {
  /** Microseconds since 1970; may jump (M2). */
  wall(): number;
  /** Milliseconds that only ever grow; every timeout counts these. */
  monotonic(): number;
  /** Calls `task` once, `ms` from now. Returns what stops it. */
  after(ms: number, task: () => void): Stop;
  /** Calls `task` every `ms`. Returns what stops it. */
  every(ms: number, task: () => void): Stop;
}

export type Stop = () => void;

/**
 * The wall clock, but never ahead of what has really passed since this was called: µs since 1970. What is deleted by
 * its age is not deleted early because the clock was set forward (M13).
 */
export function steadyTime(clock: Clock): () => number {
  const origin = clock.wall() - clock.monotonic() * 1000;
  return () => Math.floor(Math.min(clock.wall(), origin + clock.monotonic() * 1000));
}

/** A difference between the two clocks of the system from which on the wall clock was set, in milliseconds. */
const JUMP_MS = 5;

export function systemClock(): Clock {
  let origin = performance.timeOrigin;
  return {
    wall() {
      const steady = origin + performance.now();
      const set = Date.now();
      if (Math.abs(set - steady) > JUMP_MS) origin = set - performance.now();
      return Math.round((origin + performance.now()) * 1000);
    },
    monotonic: () => performance.now(),
    after(ms, task) {
      const timer = setTimeout(task, ms);
      return () => clearTimeout(timer);
    },
    every(ms, task) {
      const timer = setInterval(task, ms);
      return () => clearInterval(timer);
    },
  };
}
