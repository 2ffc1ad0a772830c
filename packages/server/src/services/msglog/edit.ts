import { command, type Service } from "../../core/plugin.ts";
import type { Entries } from "./entries.ts";
import type { MsglogSettings } from "./settings.ts";

/** M15: an entry of the log like a message, answered when it is durable. */
export const edit = (service: Service, entries: Entries, settings: () => MsglogSettings) =>
  command("media/room/msglog_edit", {
    pipelined: true,
    overRate: 304102,
    audited: ["room_id", "msg_id"],
    auditsItself: true,
    longField: "msg",
    run(call) {
      const { room_id, client_msg_id, epoch, msg_id } = call.data;
      const any = service.roomRights.may(call.session.identity, "msglog_edit_any", room_id);
      const change = { op: "edit", any, most_edits: settings().max_edits } as const;
      return entries.put({ room_id, client_msg_id, epoch, ref: msg_id, change }, call, "msglog_edit");
    },
  });
