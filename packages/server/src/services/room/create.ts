import { command, Later, type Service } from "../../core/plugin.ts";
import type { Timeouts } from "./timeouts.ts";

/** R1 */
export const create = (service: Service, timeouts: Timeouts) =>
  command("media/room/create", {
    run({ data: { room_id: given = `room-${service.newId()}`, ...data }, session }) {
      return service.hooks.run(
        "room.create",
        { session, room_id: given, info: data },
        ({ room_id, info }) => {
          return new Later<{ room_id: string }>((settle) => {
            const epoch = service.rooms.create(room_id, info, (failure) => {
              if (!failure) timeouts.add({ room_id, epoch, ...info });
              settle(failure ?? { room_id });
            });
          });
        },
      );
    },
  });
