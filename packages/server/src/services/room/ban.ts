import { roomEvents } from "@roomlog/protocol";
import { command, type Service, whenDone } from "../../core/plugin.ts";
import { requireAbove } from "./rank.ts";
import { untilOf } from "./until.ts";

/** R9: takes the place of whatever role he had. */
export const ban = (service: Service) =>
  command("media/room/ban", {
    audited: ["room_id", "user_id", "seconds"],
    run({ data: { room_id, user_id, seconds, reason }, session: { identity } }) {
      const judge = () => requireAbove(service, identity, { room_id, user_id });
      const until = untilOf(service, seconds);
      return whenDone((settle) =>
        service.rooms.setRole(
          { room_id, user_id, role: "banned", until },
          {
            type: roomEvents.banned,
            body: { ...(until !== undefined && { until }), ...(reason !== undefined && { reason }) },
            by: identity.user_id,
            judge,
            settle,
          },
        ),
      );
    },
  });
