import { command, Later, type Service } from "../../core/plugin.ts";

/** R10 */
export const setAccess = (service: Service) =>
  command("media/room/set_access", {
    audited: ["room_id"],
    run: ({ data: { room_id, ...access }, session: { identity } }) =>
      new Later((settle) =>
        service.rooms.setAccess(room_id, access, {
          by: identity.user_id,
          settle: (failure) => settle(failure ?? {}),
        }),
      ),
  });
