import { setTimeout as sleep } from "node:timers/promises";
import { delay } from "@roomlog/client";
import { Failure } from "./failure.ts";
import type { Session } from "./session.ts";

/** Not all at once: after a restart of the server everybody comes. */
const PACE = { backoff: { first_ms: 250, most_ms: 5000 }, random: Math.random };

/** Logs in again and again, with growing pauses, until it works, it is refused for good, or `patience` (ms) is over. */
export async function logInAgain(logInOnce: () => Promise<Session>, patience: number): Promise<Session> {
  for (let [attempt, waited] = [0, 0]; ; attempt++) {
    const pause = delay(undefined, attempt, PACE);
    await sleep(pause);
    waited += pause;
    try {
      return await logInOnce();
    } catch (error) {
      const passing =
        error instanceof Failure && (error.ending === "unavailable" || error.ending === "later");
      if (!passing || waited > patience) throw error;
    }
  }
}
