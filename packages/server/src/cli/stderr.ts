import { setTimeout as sleep } from "node:timers/promises";
import type { DestinationStream } from "pino";

/** What may wait for a stderr that is not read, in bytes; further lines are dropped. */
const MAX_WAITING = 1024 * 1024;

/** The last lines have this long to be read before the process ends, in milliseconds. */
const LAST_WORDS_MS = 1000;

/** What moves a terminal's cursor or turns its text around, and JSON leaves as it is. */
const UNSEEN = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** Pino's number for a warning. */
const WARN = 40;

/**
 * The way of the log to stderr. Node writes to pipes and sockets without blocking and without a thread of the pool,
 * so a reader that stalls stops nothing: lines wait for it, then are dropped, and their number is told when it has
 * caught up. Files and terminals are written at once.
 */
export function stderrLog(): DestinationStream {
  const { stderr } = process;
  let dropped = 0;
  // A reader that has gone is no reason to stop.
  stderr.on("error", () => {});
  stderr.on("drain", () => {
    if (dropped === 0) return;
    const msg = "lines of the log were dropped: stderr was not read";
    stderr.write(`${JSON.stringify({ level: WARN, time: Date.now(), dropped, msg })}\n`);
    dropped = 0;
  });
  return {
    write(line) {
      if (stderr.writableLength + line.length > MAX_WAITING) dropped += 1;
      else stderr.write(line.replace(UNSEEN, escaped));
    },
  };
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Resolves when stderr has taken what was written, or when that takes too long. */
export async function lastWords(): Promise<void> {
  const taken = new Promise<void>((resolve) => process.stderr.write("", () => resolve()));
  await Promise.race([taken, sleep(LAST_WORDS_MS)]);
}
