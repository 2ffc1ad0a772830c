/** The process of a load. The runner starts it and says what to do; see job.ts. */
import type { Dialect } from "./dialect.ts";
import { fanout } from "./fanout.ts";
import { idle } from "./idle.ts";
import type { FromLoad, Job, Round, ToLoad } from "./job.ts";
import type { Load, LoadOptions } from "./load.ts";
import { nats } from "./nats.ts";
import { paced } from "./paced.ts";
import { pages } from "./pages.ts";
import { roomlog } from "./roomlog.ts";
import { senders } from "./senders.ts";
import { socketio } from "./socketio.ts";
import { commits, storedPages } from "./store.ts";
import { measured } from "./window.ts";

type Measure = (seconds: number) => Promise<Round>;

const dialects: Readonly<Record<string, Dialect>> = { roomlog, socketio, nats };
let measure: Measure;

process.on("message", (message: ToLoad) => {
  obey(message).then(tell, fail);
});
process.on("disconnect", () => process.exit());
process.on("uncaughtException", fail);

async function obey(message: ToLoad): Promise<FromLoad> {
  if (message.kind === "round") return { kind: "round", round: await measure(message.seconds) };
  measure = await open(message.job);
  return { kind: "ready" };
}

async function open(job: Job): Promise<Measure> {
  const { dialect: name, directory, pids, shape, ...rest } = job;
  const dialect = name === undefined ? undefined : dialects[name];
  const options = dialect && { ...rest, dialect };
  if (shape.kind === "idle" && options) {
    return async () => ({ operations: shape.sessions, kib_each: await idle(shape, options, pids) });
  }
  const load = options ? await loadOf(job, options) : storeLoad(job, directory);
  return (seconds) => measured(load, options ? pids : [process.pid], seconds);
}

function loadOf({ shape }: Job, options: LoadOptions): Promise<Load> {
  switch (shape.kind) {
    case "senders":
      return senders(shape, options);
    case "fanout":
      return fanout(shape, options);
    case "paced":
      return paced(shape, options);
    case "pages":
      return pages(shape, options);
    default:
      throw new Error(`a load cannot run ${shape.kind}`);
  }
}

function storeLoad({ shape }: Job, directory: string): Load {
  if (shape.kind === "senders") return commits(directory, shape);
  if (shape.kind === "pages") return storedPages(directory, shape);
  throw new Error(`the store alone cannot run ${shape.kind}`);
}

function tell(message: FromLoad): void {
  process.send?.(message);
}

function fail(error: unknown): void {
  tell({ kind: "failed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
