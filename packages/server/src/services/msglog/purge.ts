import { command, type Log, RequestError } from "../../core/plugin.ts";
import { defined } from "./defined.ts";
import type { Trimmer } from "./trimmer.ts";

/** M13 */
export const purge = (log: Log, trimmer: Trimmer) =>
  command("media/room/msglog_purge", {
    audited: ["room_id", "before", "epoch", "dry_run"],
    async run({ data: { room_id, before, epoch: named, dry_run }, session: { identity: who } }) {
      const asks = { who, right: "msglog_purge" };
      const { epoch, hold } = await log.life({ room_id, ...defined({ epoch: named }) }, asks);
      if (hold) throw new RequestError(304111, defined({ reason: hold.reason }));
      const what = { room_id, epoch, ...defined({ before }) };
      return dry_run ? trimmer.wouldDrop(what) : trimmer.drop(what);
    },
  });
