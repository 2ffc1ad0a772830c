import { InvalidMessage } from "./errors.ts";

/**
 * The server's fields stand behind what was sent, the time behind `session_id`: that is how its name is known, which
 * a service can choose (M2).
 */
function messageOf(stored) {
  const names = Object.keys(stored);
  const time = names[names.indexOf("session_id") + 1];
  const { msg_id, user_id, session_id, $log, [time]: timestamp, ...msg } = stored;
  return { msg, msg_id, user_id, session_id, timestamp, sentAt: new Date(timestamp / 1000) };
}
/** The message as `schema` gives it back. Throws an `InvalidMessage`. */
export async function checked(stored, schema) {
  const message = messageOf(stored);
  if (!schema) return message;
  const result = await schema["~standard"].validate(message.msg);
  if (result.issues) throw new InvalidMessage(message.msg_id, message.msg, result.issues);
  return { ...message, msg: result.value };
}
//# sourceMappingURL=message.js.map
