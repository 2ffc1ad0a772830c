import { command, RequestError, type Service } from "../../core/plugin.ts";
import type { Members } from "./members.ts";

/** R4 */
export const leave = (service: Service, members: Members) =>
  command("media/room/leave", {
    run({ data: { room_id }, session }) {
      service.hub.unsubscribe(session, { class: "media", subclass: "room", obj_id: room_id });
      if (!members.leave(room_id, session.identity.session_id)) throw new RequestError(100036);
      service.rooms.touch(room_id);
      return {};
    },
  });
