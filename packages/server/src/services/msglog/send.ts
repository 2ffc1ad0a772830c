import { command } from "../../core/plugin.ts";
import type { Entries } from "./entries.ts";

/** M1–M5, M9, M14, M16: answered when the message is durable. */
export const send = (entries: Entries) =>
  command("media/room/msglog_send", {
    pipelined: true,
    overRate: 304102,
    longField: "msg",
    run(call) {
      const { room_id, client_msg_id, epoch, ref } = call.data;
      return entries.put({ room_id, client_msg_id, epoch, ref }, call, "msglog_send");
    },
  });
