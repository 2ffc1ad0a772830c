import { roomEvents } from "@roomlog/protocol";
import { command, Later, RequestError, type Service } from "../../core/plugin.ts";
import { faultOfSchema } from "./typed/schema-fault.ts";
import type { Changed, TypedMessages } from "./typed/typed-messages.ts";

/** M24 */
export const setSchema = (service: Service, typed: TypedMessages) =>
  command("media/room/msglog_set_schema", {
    audited: ["room_id", "type"],
    async run({ data: { room_id, type, schema }, session: { identity } }) {
      const fault = schema && faultOfSchema(schema, "room");
      if (fault) throw new RequestError(100044, { detail: "schema", field: "schema", fault });
      const { user_id } = identity;
      const removed = schema === null ? { removed: true } : {};
      return service.rooms.living(room_id, ({ epoch }) => {
        service.roomRights.require(identity, "msglog_schema", room_id);
        return new Later<Changed>((settle) =>
          typed.change({ room_id, epoch, type, schema, user_id }, (outcome) => {
            settle(outcome);
            if (outcome instanceof RequestError) return;
            const { version } = outcome;
            service.rooms.publish(roomEvents.schema, room_id, { type, version, ...removed, by: user_id });
          }),
        );
      });
    },
  });
