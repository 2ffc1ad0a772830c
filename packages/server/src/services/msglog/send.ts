import { command, Later, type Log, RequestError, syntaxError } from "../../core/plugin.ts";
import type { MsglogSettings } from "./settings.ts";

/** M1–M5: answered when the message is durable. */
export const send = (log: Log, { max_message_bytes }: MsglogSettings) =>
  command("media/room/msglog_send", {
    pipelined: true,
    run({ data: { room_id }, session, raw }) {
      const text = raw("msg");
      if (text === undefined || !session.identity) throw syntaxError("msg");
      if (Buffer.byteLength(text) > max_message_bytes) {
        throw new RequestError(304101, { limit: max_message_bytes, field: "msg" });
      }
      const { identity } = session;
      return new Later((settle) => log.append(room_id, text, identity, settle));
    },
  });
