import { command, type Service } from "../../core/plugin.ts";
import type { Entries } from "./entries.ts";

/** M15: an entry of the log like a message, answered when it is durable. */
export const deletion = (service: Service, entries: Entries) =>
  command("media/room/msglog_delete", {
    pipelined: true,
    overRate: 304102,
    audited: ["room_id", "msg_id"],
    auditsItself: true,
    run(call) {
      const { room_id, client_msg_id, epoch, msg_id, reason } = call.data;
      const any = service.roomRights.may(call.session.identity, "msglog_delete_any", room_id);
      const entry = { room_id, client_msg_id, epoch, ref: msg_id, change: { op: "delete", any } } as const;
      return entries.putDeletion(entry, call, reason);
    },
  });
