import { command } from "../../core/plugin.ts";
import type { Entries } from "./entries.ts";

/** M1–M5, M9, M14, M16, M20: answered when the message is durable. */
export const send = (entries: Entries) =>
  command("media/room/msglog_send", {
    pipelined: true,
    overRate: 304102,
    longField: "msg",
    run(call) {
      const { room_id, client_msg_id, epoch, ref } = call.data;
      const mentions = call.data.mentions && [...new Set(call.data.mentions)];
      return entries.put({ room_id, client_msg_id, epoch, ref, mentions }, call, "msglog_send");
    },
  });
