import { command, type Log } from "../../core/plugin.ts";
import { defined } from "./defined.ts";
import type { Retention } from "./retention.ts";

/** M13 */
export const purge = (log: Log, retention: Retention) =>
  command("media/room/msglog_purge", {
    async run({ data: { room_id, before, epoch: named, dry_run } }) {
      const { epoch } = await log.life({ room_id, ...defined({ epoch: named }) });
      const what = { room_id, epoch, ...defined({ before }) };
      const dropped = dry_run ? await retention.wouldDrop(what) : await retention.drop(what);
      return { first_id: dropped.first_id, count: dropped.messages, bytes: dropped.bytes };
    },
  });
