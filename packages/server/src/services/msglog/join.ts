import type { HookOf, Service } from "../../core/plugin.ts";

/**
 * R4: `join` also tells where the room's log stands. It is asked after the session was subscribed: what comes after
 * `last_id` reaches the session as an event.
 */
export const withPosition =
  (service: Service): HookOf<"room.join"> =>
  async (join, next) => {
    const answer = await next(join);
    const { last_id, epoch } = await service.rooms.get(join.room_id);
    return { ...answer, last_id, epoch };
  };
