import { ConnectionLost, type ConnectionOptions } from "@roomlog/client";
import { logInAgain } from "./backoff.ts";
import { remark } from "./output.ts";
import { isFinal, lost } from "./refusals.ts";
import { logIn, type Session } from "./session.ts";
import type { Target } from "./target.ts";

/** After so long without a frame the server is asked, after as long again it is taken for gone; in milliseconds. */
export const SILENT_MS = 20_000;

/**
 * Does a task with a connection, and again with the next one whenever it was lost meanwhile. Resolves with what the task says
 * in the end. Rejects with a `Failure`, also when to connect again is of no use.
 */
export async function overConnections<T>(
  target: Target,
  options: ConnectionOptions,
  task: (session: Session) => Promise<T | ConnectionLost>,
): Promise<T> {
  let session = await logIn(target, options);
  const { target: again } = session;
  try {
    for (;;) {
      const end = await task(session);
      if (!(end instanceof ConnectionLost)) return end;
      if (isFinal(end)) throw lost(end);
      remark(`The ${end.message}; connecting again …`);
      session = await logInAgain(() => logIn(again, options), Number.POSITIVE_INFINITY);
      remark("Connected again.");
    }
  } finally {
    await session.connection.close();
  }
}
