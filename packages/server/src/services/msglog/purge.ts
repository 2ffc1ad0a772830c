import { command, type Life, type Log, RequestError } from "../../core/plugin.ts";
import { defined } from "./defined.ts";
import type { Trimmer } from "./trimmer.ts";

/** M13 */
export const purge = (log: Log, trimmer: Trimmer) =>
  command("media/room/msglog_purge", {
    audited: ["room_id", "before", "epoch", "dry_run"],
    async run({ data: { room_id, before, epoch: named, dry_run }, session: { identity: who } }) {
      const asks = { who, right: "msglog_purge" };
      const { epoch, hold } = await log.life({ room_id, ...defined({ epoch: named }) }, asks);
      if (hold) throw onHold(hold);
      const what = { room_id, epoch, ...defined({ before }) };
      if (dry_run) return trimmer.wouldDrop(what);
      return trimmer.drop(what).catch(async (error: unknown) => {
        if (!(error instanceof RequestError && error.code === 304111)) throw error;
        // It began meanwhile.
        throw onHold((await log.life({ room_id, epoch }, asks)).hold);
      });
    },
  });

function onHold(hold: Life["hold"]): RequestError {
  return new RequestError(304111, defined({ reason: hold?.reason }));
}
