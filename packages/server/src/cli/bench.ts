import type { Command } from "commander";
import type { Load, Outcome, Times } from "./bench-load.ts";
import { exitCodes } from "./exit.ts";
import { attempt } from "./failure.ts";
import { wholeNumber } from "./numbers.ts";
import { humaneCount, lookOf, remark, sayJson } from "./output.ts";
import { printTable } from "./table.ts";
import { type Target, withTarget } from "./target.ts";

interface Flags extends Target, Omit<Load, "target"> {
  readonly json?: true;
}

export function define(command: Command): void {
  withTarget(command)
    .description(
      "A short load against a server, in rooms of its own that it takes away again; ends by itself.",
    )
    .option("--senders <number>", "connections that send", wholeNumber(1, 200), 4)
    .option("--rooms <number>", "rooms they share, each with one who listens", wholeNumber(1, 100), 2)
    .option("--seconds <number>", "how long", wholeNumber(1, 300), 5)
    .option("--size <bytes>", "of the text of a message", wholeNumber(1, 65_536), 200)
    .option("--in-flight <number>", "unanswered sends of each sender", wholeNumber(1, 256), 8)
    .option("--json", "as JSON")
    .action((flags: Flags) => attempt(() => bench(flags)));
}

async function bench(flags: Flags): Promise<void> {
  const { runLoad } = await import("./bench-load.ts");
  const { senders, rooms, seconds, size, inFlight } = flags;
  const stop = new AbortController();
  process.once("SIGINT", () => {
    process.exitCode = exitCodes.interrupted;
    stop.abort();
  });
  remark(`${senders} senders, ${rooms} rooms, ${seconds} s …`);
  const outcome = await runLoad({ target: flags, senders, rooms, seconds, size, inFlight }, stop.signal);
  if (flags.json) return sayJson(outcome);
  await printTable(lookOf(flags), columns, rowsOf(outcome));
}

type Row = readonly [what: string, value: string | number, pretty?: string];

const columns = [
  { head: "measured", of: ([what]: Row) => what },
  {
    head: "value",
    of: ([, value]: Row) => value,
    pretty: ([, value, pretty]: Row) => pretty ?? String(value),
    align: "right",
  },
] as const;

function rowsOf({ sent, delivered, seconds, answer_ms, delivery_ms, errors }: Outcome): Row[] {
  return [
    ["sent", sent, humaneCount(sent)],
    ["sent a second", Math.round(sent / seconds), humaneCount(Math.round(sent / seconds))],
    ...timesOf("answer", answer_ms),
    ["delivered", delivered, humaneCount(delivered)],
    ...timesOf("delivery", delivery_ms),
    ...Object.entries(errors).map(([code, count]): Row => [`error ${code}`, count, humaneCount(count)]),
  ];
}

function timesOf(what: string, times: Times): Row[] {
  return Object.entries(times).map(([percentile, ms]): Row => [`${what} ${percentile}, ms`, ms]);
}
