import { roomEvents } from "@roomlog/protocol";
import { command, type Service } from "../../core/plugin.ts";

/** R5: delivered, not stored: typing, hands, cursors. */
export const sendInfo = (service: Service) =>
  command("media/room/send_info", {
    async run({ data: { room_id, info, meta }, session: { identity }, afterwards }) {
      await service.rooms.get(room_id);
      // Something may have changed since the command began.
      service.roomRights.require(identity, "room_info", room_id);
      const { user_id, session_id } = identity;
      const body = { info, ...(meta && { meta }), user_id, session_id };
      service.rooms.touch(room_id);
      afterwards(() => service.rooms.publish(roomEvents.info, room_id, body));
      return {};
    },
  });
