import type { Answers } from "./dialect.ts";
import type { FanoutShape } from "./fanout.ts";
import type { IdleShape } from "./idle.ts";
import type { PacedShape } from "./paced.ts";
import type { PagesShape } from "./pages.ts";
import type { SendersShape } from "./senders.ts";

/** The runner does it itself: a start, until the server is ready. */
interface RestartShape {
  readonly kind: "restart";
}

/** What is done, as data: it goes to the load's process as JSON. */
export type Shape = SendersShape | FanoutShape | PacedShape | PagesShape | IdleShape | RestartShape;

/** What a load's process is started for. */
export interface Job {
  /** How the system's clients speak; undefined: the store's own limit, in this process. */
  readonly dialect: string | undefined;
  readonly answers: Answers;
  readonly url: string;
  readonly directory: string;
  /** Processes of the server, whose CPU time counts. */
  readonly pids: readonly number[];
  /** The rooms exist already. */
  readonly isFilled: boolean;
  readonly shape: Shape;
}

/** What one round has shown. */
export interface Round {
  readonly operations: number;
  readonly seconds?: number;
  /** CPU seconds of the server's processes. */
  readonly server_cpu?: number;
  /** CPU seconds of the load's process. */
  readonly load_cpu?: number;
  readonly latency?: { readonly p50_ms: number; readonly p99_ms: number; readonly max_ms: number };
  /** Resident memory. */
  readonly kib_each?: number;
}

export type ToLoad =
  | { readonly kind: "open"; readonly job: Job }
  | { readonly kind: "round"; readonly seconds: number };
export type FromLoad =
  | { readonly kind: "ready" }
  | { readonly kind: "round"; readonly round: Round }
  | { readonly kind: "failed"; readonly message: string };
