import { type Connection } from "./connection.ts";
import type { Gate } from "./gate.ts";
import type { Settings } from "./options.ts";
export interface Insisting<T> {
  /** Through which the connection comes. */
  readonly gate: Gate<Connection>;
  readonly settings: Settings;
  readonly signal?: AbortSignal | undefined;
  readonly call: (connection: Connection) => Promise<T>;
}
/** Calls, over as many connections as it takes, until there is a definite answer: for what is safe to repeat. */
export declare function insist<T>({ gate, settings, signal, call }: Insisting<T>): Promise<T>;
/** Rejects when the gate is walled up meanwhile: a timer would hold the process. */
export declare function pause(
  ms: number,
  { timers }: Settings,
  { walled }: Gate<Connection>,
  signal?: AbortSignal,
): Promise<void>;
