import { SECRET } from "../frame/config.ts";

/** Pino's number for an error. */
const ERROR = 50;

/** A log that is not kept but checked: each record is one line of JSON, tells no secret and reports no error. */
export class LogWatch {
  #faults: string[] = [];
  readonly #secrets: readonly string[];

  constructor(secrets: readonly string[]) {
    this.#secrets = [SECRET, ...secrets];
  }

  write(text: string): void {
    const fault = this.#faultOf(text);
    if (fault !== undefined) this.#faults.push(`${fault}: ${text.slice(0, 500).trim()}`);
  }

  takeFaults(): string[] {
    const faults = this.#faults;
    this.#faults = [];
    return faults;
  }

  #faultOf(text: string): string | undefined {
    if (/[^\P{Cc}\n]|\n./u.test(text) || !text.endsWith("\n")) return "a log record is not one line";
    if (this.#secrets.some((secret) => text.includes(secret))) return "the log tells a secret";
    try {
      return JSON.parse(text).level >= ERROR ? "the server reports an error" : undefined;
    } catch {
      return "a log record is not JSON";
    }
  }
}
