import { type Cursors, type HookOf, RequestError, type Service } from "../../core/plugin.ts";
import type { MsglogSettings } from "./settings.ts";
import { whereIn } from "./where.ts";

/**
 * R4: `join` also tells where the room's log stands, and with `after` goes on from there as `msglog_subscribe` does
 * (M10), with `where` by a view of it (M17). What comes after `last_id` reaches the session as an event.
 */
export const withPosition =
  (service: Service, cursors: Cursors, settings: () => MsglogSettings): HookOf<"room.join"> =>
  async (join, next) => {
    const { session, room_id, afterwards } = join;
    const { where: filter, ...from } = join.from;
    const wanted = filter && { where: whereIn(filter, settings()) };
    if (from.after === undefined && !wanted) {
      const answer = await next(join);
      return service.rooms.living(room_id, ({ last_id, epoch }) => ({ ...answer, last_id, epoch }));
    }
    if (!service.roomRights.may(session.identity, "msglog_get", room_id)) throw new RequestError(100030);
    await cursors.check(room_id, from);
    // What comes by the subscription of the join waits until the cursor is set.
    afterwards(cursors.hold(session, room_id), "always");
    const answer = await next(join);
    return { ...answer, ...(await cursors.open(session, room_id, { ...from, wanted, isLasting: false })) };
  };
