import {
  command,
  type HookPoints,
  Later,
  type Log,
  RequestError,
  type Service,
  syntaxError,
} from "../../core/plugin.ts";
import type { MsglogSettings } from "./settings.ts";

/** M1–M5: answered when the message is durable. */
export const send = (service: Service, log: Log, { max_message_bytes }: MsglogSettings) => {
  const store = (text: string, { room_id, session }: HookPoints["msglog.send"]["in"]) => {
    if (Buffer.byteLength(text) > max_message_bytes) {
      throw new RequestError(304101, { limit: max_message_bytes, field: "msg" });
    }
    return new Later<{ msg_id: number }>((settle) => log.append(room_id, text, session.identity, settle));
  };
  return command("media/room/msglog_send", {
    pipelined: true,
    longField: "msg",
    run({ data: { room_id, msg }, session, raw }) {
      const text = raw("msg");
      if (text === undefined) throw syntaxError("msg");
      return service.hooks.run("msglog.send", { session, room_id, msg }, (message) =>
        store(message.msg === msg ? text : JSON.stringify(message.msg), message),
      );
    },
  });
};
