import { roomEvents } from "@roomlog/protocol";
import { command, type Service, whenDone } from "../../core/plugin.ts";
import { requireAbove } from "./rank.ts";
import { untilOf } from "./until.ts";

/** R9: he reads, but sends no message, info or status; `seconds: 0` gives him his voice back. */
export const mute = (service: Service) =>
  command("media/room/mute", {
    audited: ["room_id", "user_id", "seconds"],
    run({ data: { room_id, user_id, seconds, reason }, session: { identity } }) {
      const judge = () => requireAbove(service, identity, { room_id, user_id });
      const muted = seconds !== 0;
      const until = muted ? untilOf(service, seconds) : undefined;
      return whenDone((settle) =>
        service.rooms.setMute(
          { room_id, user_id, muted, until },
          {
            type: roomEvents.muted,
            body: { muted, ...(until !== undefined && { until }), ...(reason !== undefined && { reason }) },
            by: identity.user_id,
            judge,
            settle,
          },
        ),
      );
    },
  });
