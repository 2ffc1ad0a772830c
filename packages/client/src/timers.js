/** Of `setTimeout`, which takes more for nothing: nearly 25 days. Coming early is right for all that waits here. */
const LONGEST_MS = 2 ** 31 - 1;
export const systemTimers = {
  after(ms, task) {
    const timer = setTimeout(task, Math.min(ms, LONGEST_MS));
    return () => clearTimeout(timer);
  },
};
//# sourceMappingURL=timers.js.map
