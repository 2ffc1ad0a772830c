import { command, type Life, type Log } from "../../core/plugin.ts";
import { defined } from "./defined.ts";

/** M12 */
export const info = (log: Log) =>
  command("media/room/msglog_info", {
    run: async ({ data: { room_id, epoch }, session: { identity: who } }) =>
      shown(await log.life({ room_id, ...defined({ epoch }) }, { who, right: "msglog_get" })),
  });

/** What a log holds, without when its room began and ended. */
function shown({ created_at: _, destroyed_at: __, ...life }: Life) {
  return life;
}
