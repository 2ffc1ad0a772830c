import { command, RequestError, type Service } from "../../core/plugin.ts";
import type { Members } from "./members.ts";

/** R4: the session is subscribed to the room's events; its own arrival follows the answer. */
export const join = (service: Service, members: Members) =>
  command("media/room/join", {
    run({ data: { room_id, role = "member", meta, after, epoch }, session, afterwards }) {
      const from = { after, epoch };
      return service.hooks.run("room.join", { session, room_id, from, afterwards }, () =>
        service.rooms.living(room_id, () => {
          if (session.isClosed) throw new RequestError(100061);
          afterwards(members.join(room_id, session, { role, ...(meta && { meta }) }));
          service.rooms.touch(room_id);
          service.hub.subscribe(session, { class: "media", subclass: "room", obj_id: room_id });
          return { members: members.of(room_id) };
        }),
      );
    },
  });
