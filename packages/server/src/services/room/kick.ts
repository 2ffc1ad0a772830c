import { roomEvents } from "@roomlog/protocol";
import { command, RequestError, type Service, whenDone } from "../../core/plugin.ts";
import type { Members } from "./members.ts";
import { requireAbove } from "./rank.ts";

/** R9: he may come again. */
export const kick = (service: Service, members: Members) =>
  command("media/room/kick", {
    audited: ["room_id", "user_id"],
    async run({ data: { room_id, user_id, reason }, session: { identity } }) {
      await service.rooms.get(room_id);
      requireAbove(service, identity, { room_id, user_id });
      if (members.sessionsOf(room_id, user_id).length === 0) throw new RequestError(100036);
      return whenDone((settle) => {
        settle(undefined);
        const body = { user_id, ...(reason !== undefined && { reason }), by: identity.user_id };
        service.rooms.publish(roomEvents.kicked, room_id, body);
        members.expel(room_id, user_id);
      });
    },
  });
