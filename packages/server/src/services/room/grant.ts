import { roomEvents } from "@roomlog/protocol";
import { command, type Service, whenDone } from "../../core/plugin.ts";
import { requireAbove } from "./rank.ts";

/** R8 */
export const grant = (service: Service) =>
  command("media/room/grant", {
    audited: ["room_id", "user_id", "role"],
    run({ data: { room_id, user_id, role: given }, session: { identity } }) {
      const role = given === "none" ? undefined : given;
      const judge = () => requireAbove(service, identity, { room_id, user_id, role });
      return whenDone((settle) =>
        service.rooms.setRole(
          { room_id, user_id, role },
          {
            type: roomEvents.granted,
            body: { role: given },
            by: identity.user_id,
            judge,
            settle,
          },
        ),
      );
    },
  });
