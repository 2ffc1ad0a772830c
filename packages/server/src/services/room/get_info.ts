import { command, type Service } from "../../core/plugin.ts";

/** R3 */
export const getInfo = (service: Service) =>
  command("media/room/get_info", {
    async run({ data: { room_id } }) {
      const { timeout: _, ...info } = (await service.rooms.get(room_id)).info;
      return { ...info, members: {}, status: {} };
    },
  });
