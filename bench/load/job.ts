import type { FanoutShape } from "./fanout.ts";
import type { PacedShape } from "./paced.ts";
import type { SendersShape } from "./senders.ts";

/** What a load does, as data: it goes to the load's process as JSON. */
export type Shape = SendersShape | FanoutShape | PacedShape;

/** What a load's process is started for. */
export interface Job {
  readonly dialect: string;
  readonly url: string;
  /** Processes of the server, whose CPU time counts. */
  readonly pids: readonly number[];
  readonly shape: Shape;
}

/** What one round has shown. */
export interface Round {
  readonly operations: number;
  readonly seconds: number;
  /** CPU seconds of the server's processes. */
  readonly server_cpu: number;
  /** CPU seconds of the load's process. */
  readonly load_cpu: number;
  /** Microseconds. */
  readonly latency?: { readonly p50: number; readonly p99: number; readonly max: number };
}

export type ToLoad =
  | { readonly kind: "open"; readonly job: Job }
  | { readonly kind: "round"; readonly seconds: number };
export type FromLoad =
  | { readonly kind: "ready" }
  | { readonly kind: "round"; readonly round: Round }
  | { readonly kind: "failed"; readonly message: string };
