import { abortable } from "./abortable.ts";
import { delay, isTemporary } from "./again.ts";
import { type Connection, ConnectionLost } from "./connection.ts";
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
export async function insist<T>({ gate, settings, signal, call }: Insisting<T>): Promise<T> {
  for (let attempt = 0; ; ) {
    const connection = await gate.pass(signal);
    try {
      return await abortable(call(connection), signal);
    } catch (error) {
      if (isTemporary(error)) await pause(delay(error, attempt++, settings), settings, gate, signal);
      else if (!(error instanceof ConnectionLost) || error.isTooLarge) throw error;
    }
  }
}

/** Rejects when the gate is walled up meanwhile: a timer would hold the process. */
export function pause(
  ms: number,
  { timers }: Settings,
  { walled }: Gate<Connection>,
  signal?: AbortSignal,
): Promise<void> {
  const over = Promise.withResolvers<void>();
  const stop = timers.after(ms, over.resolve);
  return abortable(abortable(over.promise, walled), signal).finally(stop);
}
