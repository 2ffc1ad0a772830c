import { type Ending, exitCodes } from "./exit.ts";
import { plain } from "./output.ts";

/** Why a command cannot be done. The message is a sentence that says what to do. */
export class Failure extends Error {
  readonly ending: Ending;

  constructor(ending: Ending, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Failure";
    this.ending = ending;
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
  const sentence = known ? message : `an error of Roomlog itself: ${message} (ROOMLOG_STACK=1 shows where)`;
  process.stderr.write(`roomlog: ${plain(sentence)}\n`);
  if (process.env.ROOMLOG_STACK !== undefined) process.stderr.write(`${stack}\n`);
  return exitCodes[known ? error.ending : "internal"];
}
