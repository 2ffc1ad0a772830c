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
import type { TypedMessages } from "./typed/typed-messages.ts";

interface SendParts {
  readonly settings: () => MsglogSettings;
  readonly typed: TypedMessages;
}

/** M1–M5, M9, M14, M24: answered when the message is durable. */
export const send = (service: Service, log: Log, { settings, typed }: SendParts) => {
  const rate = new SessionRate(service.clock, 304102, "msglog.send_rate");
  const tooLarge = (text: string) => {
    const { max_message_bytes } = settings();
    if (Buffer.byteLength(text) <= max_message_bytes) return undefined;
    return new RequestError(304101, {
      limit: max_message_bytes,
      field: "msg",
      setting: "msglog.max_message_bytes",
    });
  };
  // Who may not know of a room learns the same of one that is not there (R10).
  const refuse = async (room_id: string, error: RequestError): Promise<never> => {
    await service.rooms.get(room_id);
    throw error;
  };
  const store = (sent: Sent, msg: JsonObject) =>
    new Later<{ msg_id: number; duplicate?: true }>((settle) => {
      const refusal = typed.refusal(sent.room_id, msg);
      if (refusal) refuse(sent.room_id, refusal).catch(settle);
      else log.append(sent, settle);
    });
  return command("media/room/msglog_send", {
    pipelined: true,
    overRate: 304102,
    longField: "msg",
    run({ data: { room_id, client_msg_id, epoch }, session, raw }) {
      // Open mode has no limits per second (L7).
      if (!service.authenticator.open) rate.count(session, settings().send_rate);
      const text = raw("msg");
      if (text === undefined) throw syntaxError("msg");
      const excess = tooLarge(text);
      // It is not parsed.
      if (excess) return refuse(room_id, excess);
      service.roomRights.pace(session.identity, room_id);
      const msg = JSON.parse(text) as JsonObject;
      return service.hooks.run("msglog.send", { session, room_id, msg }, (message) => {
        const { user_id, session_id } = message.session.identity;
        const changed = message.msg === msg ? undefined : JSON.stringify(message.msg);
        const excess = changed === undefined ? undefined : tooLarge(changed);
        if (excess) throw excess;
        const sent = {
          room_id: message.room_id,
          epoch,
          user_id,
          session_id,
          client_msg_id,
          msg: changed ?? text,
        };
        const made = service.rooms.beingMade(sent.room_id);
        if (!made) return store(sent, message.msg);
        // Who may speak in it is not known before it is there.
        return made.then(() => {
          service.roomRights.require(message.session.identity, "msglog_send", sent.room_id);
          return store(sent, message.msg);
        });
      });
    },
  });
};
