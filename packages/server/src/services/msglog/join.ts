import type { Cursors, HookOf, Service } from "../../core/plugin.ts";

/**
 * R4: `join` also tells where the room's log stands, and with `after` goes on from there as `msglog_subscribe` does
 * (M10). What comes after `last_id` reaches the session as an event.
 */
export const withPosition =
  (service: Service, cursors: Cursors): HookOf<"room.join"> =>
  async (join, next) => {
    const { session, room_id, from, afterwards } = join;
    if (from.after === undefined) {
      const answer = await next(join);
      return service.rooms.living(room_id, ({ last_id, epoch }) => ({ ...answer, last_id, epoch }));
    }
    const { position, start, handOver } = await cursors.open(session, room_id, from);
    try {
      const answer = await next(join);
      handOver();
      afterwards(start);
      return { ...answer, ...position };
    } catch (error) {
      handOver();
      start();
      throw error;
    }
  };
