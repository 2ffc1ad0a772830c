import { command, type Log, type Service, whenDone } from "../../core/plugin.ts";
import type { Trimmer } from "./trimmer.ts";

/** M13: a room's own retention. */
export const update = (service: Service, log: Log, trimmer: Trimmer) =>
  command("media/room/update", {
    audited: ["room_id", "retention", "dry_run"],
    async run({ data: { room_id, retention: own, dry_run }, session: { identity: who } }) {
      if (!dry_run) {
        return whenDone((settle) => service.rooms.update(room_id, own, settle));
      }
      const { epoch } = await log.life({ room_id }, { who, right: "room_update" });
      return trimmer.wouldDrop({ room_id, epoch }, own);
    },
  });
