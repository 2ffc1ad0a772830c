import { errorTexts } from "@roomlog/protocol";
import { command, type Service, whenDone } from "../../core/plugin.ts";

const BY_COMMAND = { code: 100013, reason: errorTexts[100013] };

/** R2 */
export const destroy = (service: Service) =>
  command("media/room/destroy", {
    audited: ["room_id"],
    run: ({ data: { room_id } }) =>
      whenDone((settle) => service.rooms.destroy({ room_id }, BY_COMMAND, settle)),
  });
