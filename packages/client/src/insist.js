import { abortable } from "./abortable.ts";
import { delay, isTemporary } from "./again.ts";
import { ConnectionLost } from "./connection.ts";
/** Calls, over as many connections as it takes, until there is a definite answer: for what is safe to repeat. */
export async function insist({ gate, settings, signal, call }) {
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
export function pause(ms, { timers }, { walled }, signal) {
  const over = Promise.withResolvers();
  const stop = timers.after(ms, over.resolve);
  return abortable(abortable(over.promise, walled), signal).finally(stop);
}
//# sourceMappingURL=insist.js.map
