import { counter, type Measure } from "./measures.ts";

/** What has happened in a service, counted where it happens: plain numbers, since messages pass there. */
export class Counts {
  requests = 0;
  /** Messages that were stored. */
  sends = 0;
  /** Sends that had been stored before (M9). */
  repeats = 0;
  /** Events that were handed to a socket. */
  deliveries = 0;
  /** Requests that were answered with an error, by its code. */
  readonly errors = new Map<number, number>();
  /** Requests and connections that were over a limit, by the name of its setting. */
  readonly refusals = new Map<string, number>();
  /** Connections that the server ended, by the close code. */
  readonly closes = new Map<number, number>();

  failed(code: number, setting: string | undefined): void {
    count(this.errors, code);
    if (setting !== undefined) count(this.refusals, setting);
  }

  closed(code: number, setting: string | undefined): void {
    count(this.closes, code);
    if (setting !== undefined) count(this.refusals, setting);
  }

  get measures(): Measure[] {
    return [
      counter("roomlog_requests_total", "Requests received.", () => this.requests),
      counter("roomlog_sends_total", "Messages stored.", () => this.sends),
      counter("roomlog_repeated_sends_total", "Sends that had been stored before (M9).", () => this.repeats),
      counter("roomlog_deliveries_total", "Events handed to connections.", () => this.deliveries),
      counter(
        "roomlog_errors_total",
        "Requests answered with an error, by its code.",
        () => this.errors,
        "code",
      ),
      counter(
        "roomlog_refusals_total",
        "What was over a limit, by the limit's setting.",
        () => this.refusals,
        "limit",
      ),
      counter(
        "roomlog_closes_total",
        "Connections ended by the server, by close code.",
        () => this.closes,
        "code",
      ),
    ];
  }
}

/** Adds one. */
export function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
