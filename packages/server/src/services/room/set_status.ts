import { roomEvents } from "@roomlog/protocol";
import { command, JsonText, RequestError, type Service, withField } from "../../core/plugin.ts";
import { MAX_CLASSES, type Statuses } from "./statuses.ts";

/** R5: kept until the room ends or the server stops, and shown by `get_info`. */
export const setStatus = (service: Service, statuses: Statuses) =>
  command("media/room/set_status", {
    run({ data: { room_id, class: cls }, session: { identity }, afterwards, raw }) {
      return service.rooms.living(room_id, () => {
        // Something may have changed since the command began.
        service.roomRights.require(identity, "room_status", room_id);
        if (!statuses.mayTake(room_id, cls))
          throw new RequestError(100050, { field: "class", limit: MAX_CLASSES });
        const { user_id, session_id } = identity;
        const data = JsonText.kept(raw("data") ?? "{}");
        statuses.set(room_id, cls, data);
        service.rooms.touch(room_id);
        const body = withField({ class: cls, user_id, session_id }, "data", data);
        afterwards(() => service.rooms.publish(roomEvents.status, room_id, body));
        return {};
      });
    },
  });
