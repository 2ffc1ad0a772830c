import { command, type Log } from "../../core/plugin.ts";
import { defined } from "./defined.ts";

/** M23 */
export const digest = (log: Log) =>
  command("media/room/msglog_digest", {
    run: async ({ data: { room_id, ...at }, session: { identity: who } }) =>
      log.digest({ room_id, ...defined(at) }, who),
  });
