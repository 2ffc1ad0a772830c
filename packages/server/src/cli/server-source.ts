import { elementsOf } from "../core/json-text.ts";
import { logIn } from "./session.ts";
import type { Source } from "./source.ts";
import type { Target } from "./target.ts";

/** Reads from a server. */
export async function openServer(target: Target): Promise<Source> {
  const session = await logIn(target);
  return {
    rooms: (query) => session.call("media/room/get_list", query),
    log: (room_id, epoch) =>
      session.call("media/room/msglog_info", { room_id, ...(epoch !== undefined && { epoch }) }),
    page: async (query) => elementsOf(await session.callText("media/room/msglog_get", JSON.stringify(query))),
    async close() {
      await session.connection.close();
    },
  };
}
