import type { JsonObject } from "@roomlog/protocol";
import {
  command,
  Later,
  type Log,
  RequestError,
  type Sent,
  type Service,
  SessionRate,
  syntaxError,
} from "../../core/plugin.ts";
import type { MsglogSettings } from "./settings.ts";

/** M1–M5, M9, M14: answered when the message is durable. */
export const send = (service: Service, log: Log, settings: () => MsglogSettings) => {
  const rate = new SessionRate(service.clock, 304102);
  const bounded = (text: string) => {
    const { max_message_bytes } = settings();
    if (Buffer.byteLength(text) <= max_message_bytes) return text;
    throw new RequestError(304101, { limit: max_message_bytes, field: "msg" });
  };
  const store = (sent: Sent) =>
    new Later<{ msg_id: number; duplicate?: true }>((settle) => log.append(sent, settle));
  return command("media/room/msglog_send", {
    pipelined: true,
    overRate: 304102,
    longField: "msg",
    run({ data: { room_id, client_msg_id, epoch }, session, raw }) {
      // Open mode has no limits per second (L7).
      if (!service.authenticator.open) rate.count(session, settings().send_rate);
      const found = raw("msg");
      if (found === undefined) throw syntaxError("msg");
      // What is too large is not parsed.
      const text = bounded(found);
      service.roomRights.pace(session.identity, room_id);
      const msg = JSON.parse(text) as JsonObject;
      return service.hooks.run("msglog.send", { session, room_id, msg }, (message) => {
        const { user_id, session_id } = message.session.identity;
        const sent = {
          room_id: message.room_id,
          epoch,
          user_id,
          session_id,
          client_msg_id,
          msg: message.msg === msg ? text : bounded(JSON.stringify(message.msg)),
        };
        const made = service.rooms.beingMade(sent.room_id);
        if (!made) return store(sent);
        // Who may speak in it is not known before it is there.
        return made.then(() => {
          service.roomRights.require(message.session.identity, "msglog_send", sent.room_id);
          return store(sent);
        });
      });
    },
  });
};
