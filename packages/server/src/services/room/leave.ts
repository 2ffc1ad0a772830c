import { command, RequestError, type Service } from "../../core/plugin.ts";
import type { Members } from "./members.ts";

/** R4 */
export const leave = (service: Service, members: Members) =>
  command("media/room/leave", {
    judgedBy: "grants",
    run({ data: { room_id }, session, afterwards }) {
      const tell = members.leave(room_id, session.identity.session_id);
      if (!tell) throw new RequestError(100036);
      const pattern = { class: "media", subclass: "room", obj_id: room_id };
      session.feed.without(() => service.hub.unsubscribe(session, pattern));
      service.rooms.touch(room_id);
      afterwards(tell);
      return {};
    },
  });
