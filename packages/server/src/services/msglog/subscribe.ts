import { type Cursors, command, RequestError, type Service } from "../../core/plugin.ts";
import type { MsglogSettings } from "./settings.ts";
import { whereIn } from "./where.ts";

/** M10, M17, M23: the ok answer precedes the first message. */
export const subscribe = (service: Service, cursors: Cursors, settings: () => MsglogSettings) =>
  command("media/room/msglog_subscribe", {
    async run({ data: { room_id, where: filter, digest = false, ...from }, session, afterwards }) {
      const where = whereIn(filter, settings());
      const limit = service.limits.subscriptions;
      if (service.hub.countOf(session) >= limit && !cursors.has(session, room_id)) {
        throw new RequestError(100050, { limit, setting: "limits.subscriptions" });
      }
      afterwards(cursors.hold(session, room_id), "always");
      const wanted = where === undefined && !digest ? undefined : { where, digest };
      const position = await cursors.open(session, room_id, { ...from, wanted, isLasting: true });
      service.rooms.touch(room_id);
      return position;
    },
  });
