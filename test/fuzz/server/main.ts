/**
 * The server under fuzz, in a process of its own that watches itself: `node --expose-gc main.ts HOME DATA`, where HOME
 * holds a built server. Sends `{ url }` when it is ready, then one answer for each `Question`.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { ConfigInput, createServer, ServerParts } from "roomlog";
import { LogWatch } from "./log-watch.ts";
import { StallWatch } from "./stall-watch.ts";

/** The library as far as it is used; it belongs to the server. */
type Pino = (options: object, destination: LogWatch) => NonNullable<ServerParts["logger"]>;

/** `look`: what happened since the last look. `heap`: bytes in use after a full collection. */
export type Question = "look" | "heap";

export interface Look {
  /** What no input may bring about. */
  readonly faults: readonly string[];
  /** Longest turn of the event loop in milliseconds, by the processor time of its thread and by the clock. */
  readonly cpuMs: number;
  readonly wallMs: number;
}

const [home = "", data = ""] = process.argv.slice(2);
const config: ConfigInput = JSON.parse(process.env.FUZZ_CONFIG ?? "{}");
const server = (await import(join(home, "lib/index.js"))) as { createServer: typeof createServer };
const libraries = createRequire(join(home, "bin/roomlog.js"));
const log = new LogWatch(config.users?.map(({ password }) => password) ?? []);
const stalls = new StallWatch();

/** Sends what ends the process before it does. */
process.on("uncaughtExceptionMonitor", (error) => process.send?.({ died: error.stack ?? String(error) }));
process.on("disconnect", () => process.exit());
process.on("message", (question: Question) => {
  process.send?.(question === "look" ? look() : { heap: heapInUse() });
  // To look takes its time too.
  stalls.take();
});

const logger = (libraries("pino") as Pino)({ level: "debug", base: null }, log);
const { urls } = await server.createServer({ ...config, data, port: 0 }, { logger });
process.send?.({ url: urls[0] });

function look(): Look {
  return { faults: [...log.takeFaults(), ...pollution()], ...stalls.take() };
}

function heapInUse(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function pollution(): string[] {
  const prototypes = { Object: Object.prototype, Array: Array.prototype, String: String.prototype };
  return Object.entries(prototypes).flatMap(([name, prototype]) =>
    Object.keys(prototype).map((key) => `${name}.prototype has got the property ${JSON.stringify(key)}`),
  );
}
