import { parseQuery } from "../search/query.ts";
import { scoreIn } from "./searched-text.ts";
import type { Message, MessageQuery } from "./store.ts";

/** Those of messages that a query selects by who sent them, what they refer to and their words (M8). */
export function* selected(
  messages: Iterable<Message>,
  { user_id, session_id, ref, search }: MessageQuery,
): Generator<Message> {
  const words = search && parseQuery(search.text);
  if (search && !words) return;
  for (const message of messages) {
    const { log } = message;
    if (
      (user_id ?? message.user_id) === message.user_id &&
      (session_id ?? message.session_id) === message.session_id &&
      (ref === undefined || (log?.op === undefined && log?.ref === ref)) &&
      (!words || scoreIn(message, words) > 0)
    )
      yield message;
  }
}
