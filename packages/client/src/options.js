import { systemTimers } from "./timers.ts";
/** What holds when nothing else is said; undefined says nothing. */
export function withDefaults({
  outbox = 1000,
  connect_ms = 20_000,
  silent_ms = 20_000,
  random = Math.random,
  timers = systemTimers,
  network = "addEventListener" in globalThis ? globalThis : undefined,
  backoff: { first_ms = 500, most_ms = 30_000 } = {},
  ...others
}) {
  return {
    ...others,
    outbox,
    connect_ms,
    silent_ms,
    random,
    timers,
    network,
    backoff: { first_ms, most_ms },
  };
}
//# sourceMappingURL=options.js.map
