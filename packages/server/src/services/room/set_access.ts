import { command, type Service, whenDone } from "../../core/plugin.ts";

/** R10 */
export const setAccess = (service: Service) =>
  command("media/room/set_access", {
    audited: ["room_id", "join", "history", "read_only", "slow_mode", "marks"],
    run: ({ data: { room_id, ...access }, session: { identity } }) =>
      whenDone((settle) =>
        service.rooms.changeAccess(room_id, access, {
          by: identity.user_id,
          judge: () => service.roomRights.require(identity, "room_moderate", room_id),
          settle,
        }),
      ),
  });
