import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "./failure.ts";
import type { Session } from "./session.ts";

const FIRST_MS = 250;
const LONGEST_MS = 5000;

/** Logs in again and again, with growing pauses, until it works, it is refused for good, or `patience` (ms) is over. */
export async function logInAgain(logInOnce: () => Promise<Session>, patience: number): Promise<Session> {
  for (let [pause, waited] = [FIRST_MS, 0]; ; pause = Math.min(2 * pause, LONGEST_MS)) {
    // Not all at once: after a restart of the server everybody comes.
    const jittered = pause * (0.5 + Math.random() / 2);
    await sleep(jittered);
    waited += jittered;
    try {
      return await logInOnce();
    } catch (error) {
      const passing =
        error instanceof Failure && (error.ending === "unavailable" || error.ending === "later");
      if (!passing || waited > patience) throw error;
    }
  }
}
