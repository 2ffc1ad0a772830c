import { type Ending, exitCodes } from "./exit.ts";
import { plain } from "./output.ts";

interface FailureOptions extends ErrorOptions {
  /** The sentence with more in it, which takes time to find out. */
  readonly fuller?: () => Promise<string>;
}

/** Why a command cannot be done. The message is a sentence that says what to do. */
export class Failure extends Error {
  readonly ending: Ending;
  readonly fuller: () => Promise<string>;

  constructor(ending: Ending, message: string, { fuller, ...options }: FailureOptions = {}) {
    super(message, options);
    this.name = "Failure";
    this.ending = ending;
    this.fuller = fuller ?? (async () => message);
  }
}

/** Runs a command. Why it cannot be done becomes a sentence on stderr and the exit code; `file` is the configuration. */
export async function attempt(task: () => void | Promise<void>, file?: string): Promise<void> {
  process.stdout.on("error", outputEnded);
  try {
    await task();
  } catch (error) {
    process.exitCode = await tell(error, file);
  }
}

/** Who reads has seen enough (`| head`), or the disk of a file is full. */
function outputEnded({ code, message }: NodeJS.ErrnoException): void {
  if (code === "EPIPE") process.exit(exitCodes.ok);
  process.stderr.write(`roomlog: the output cannot be written: ${message}\n`);
  process.exit(exitCodes.storage);
}

async function tell(error: unknown, file: string | undefined): Promise<number> {
  const { name, message, stack } = error as Error;
  // By their names: to load their modules would take longer than most commands.
  if (name === "ConfigError" || name === "StoreError") {
    const { report } = await import("./report.ts");
    return report(error, file);
  }
  const known = error instanceof Failure;
  const sentence = known
    ? await error.fuller()
    : `an error of Roomlog itself: ${message} (ROOMLOG_STACK=1 shows where)`;
  process.stderr.write(`roomlog: ${plain(sentence)}\n`);
  if (process.env.ROOMLOG_STACK !== undefined) process.stderr.write(`${stack}\n`);
  return exitCodes[known ? error.ending : "internal"];
}
