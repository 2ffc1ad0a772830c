import { once } from "node:events";
import { createWriteStream, renameSync, rmSync, type WriteStream } from "node:fs";
import { dirname, resolve } from "node:path";
import { finished } from "node:stream/promises";
import { syncDirectory } from "../config/private-file.ts";
import { exitCodes } from "./exit.ts";
import { Failure } from "./failure.ts";

/** A file in the making, beside its place under another name: what has the name is whole. */
export class Draft {
  readonly stream: WriteStream;
  readonly #path: string;
  readonly #file: string;
  /** Why it cannot be written any more. */
  #fault: NodeJS.ErrnoException | undefined;
  readonly #interrupted = (signal: NodeJS.Signals) => {
    this.discard();
    process.exit(signal === "SIGINT" ? exitCodes.interrupted : exitCodes.later);
  };

  /** Rejects with a `Failure` when nothing can be written there. */
  static async open(file: string): Promise<Draft> {
    const draft = new Draft(resolve(file));
    try {
      await once(draft.stream, "open");
      return draft;
    } catch (cause) {
      draft.#stopListening();
      throw new Failure("storage", `${file} cannot be written: ${(cause as Error).message}`, { cause });
    }
  }

  private constructor(file: string) {
    this.#file = file;
    this.#path = `${file}.${process.pid}.partial`;
    this.stream = createWriteStream(this.#path, { flags: "wx", flush: true });
    this.stream.on("error", (error) => (this.#fault = error));
    process.on("SIGINT", this.#interrupted).on("SIGTERM", this.#interrupted);
  }

  /** Gives it its name, when it is on disk. */
  async finish(): Promise<void> {
    if (this.#fault) throw this.#fault;
    this.stream.end();
    await finished(this.stream);
    renameSync(this.#path, this.#file);
    syncDirectory(dirname(this.#file));
    this.#stopListening();
  }

  /** Leaves nothing. */
  discard(): void {
    this.stream.destroy();
    rmSync(this.#path, { force: true });
    this.#stopListening();
  }

  #stopListening(): void {
    process.off("SIGINT", this.#interrupted).off("SIGTERM", this.#interrupted);
  }
}
