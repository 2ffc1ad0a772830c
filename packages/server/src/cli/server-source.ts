import { CallError } from "@roomlog/client";
import { readOn } from "@roomlog/protocol";
import { elementsOf } from "../core/json-text.ts";
import { logIn, type Session } from "./session.ts";
import type { PageQuery, Source } from "./source.ts";
import type { Target } from "./target.ts";

/** Reads from a server. */
export async function openServer(target: Target): Promise<Source> {
  return sourceOn(await logIn(target));
}

export function sourceOn(session: Session): Source {
  return {
    service: async () => (await session.call("core/server/info", {})).service,
    rooms: (query) => session.call("media/room/get_list", query),
    log: (room_id, epoch) =>
      session.call("media/room/msglog_info", { room_id, ...(epoch !== undefined && { epoch }) }),
    digest: async (log) => (await session.call("media/room/msglog_digest", log)).digest,
    page: (query) => pageOf((data) => session.callText("media/room/msglog_get", data), query),
    async close() {
      await session.connection.close();
    },
  };
}

/** A page of a log. A filter may have to examine more than it may for one answer (M8): then it is asked again. */
export async function pageOf(get: (data: string) => Promise<string>, query: PageQuery): Promise<string[]> {
  for (let next = query; ; ) {
    try {
      return elementsOf(await get(JSON.stringify(next)));
    } catch (error) {
      const refusal = error instanceof CallError ? error : (error as Error).cause;
      const from = refusal instanceof CallError ? readOn(refusal.data) : undefined;
      if (!from) throw error;
      next = { ...next, ...from };
    }
  }
}
