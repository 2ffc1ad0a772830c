import { command, type Service, withField } from "../../core/plugin.ts";
import type { Members } from "./members.ts";
import type { Statuses } from "./statuses.ts";

/** R3 */
export const getInfo = (service: Service, members: Members, statuses: Statuses) =>
  command("media/room/get_info", {
    async run({ data: { room_id }, session: { identity } }) {
      const { timeout: _, ...info } = (await service.rooms.get(room_id)).info;
      // Something may have changed since the command began.
      service.roomRights.require(identity, "room_read", room_id);
      return withField(withField(info, "members", members.of(room_id)), "status", statuses.of(room_id));
    },
  });
