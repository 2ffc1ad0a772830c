import { command, Later, type Service } from "../../core/plugin.ts";

/** R1 */
export const create = (service: Service) =>
  command("media/room/create", {
    run: ({ data: { room_id = `room-${service.newId()}`, ...info } }) =>
      new Later((settle) => service.rooms.create(room_id, info, (failure) => settle(failure ?? { room_id }))),
  });
