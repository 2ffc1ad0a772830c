import type { Message, MessageQuery, Page } from "./store.ts";
import { textBytes } from "./text-bytes.ts";

/**
 * A page around a place in a log (M18): what follows it and what stands before it, by turns, so that both sides are of one
 * length as far as there is something; then in the order of the query. `older` comes the newest first.
 */
export function aroundPlace(
  older: Iterable<Message>,
  newer: Iterable<Message>,
  { order, limit, max_bytes }: MessageQuery,
): Pick<Page, "messages" | "cut"> {
  const messages: Message[] = [];
  let bytes = 0;
  let cut = false;
  for (const message of byTurns(newer, older)) {
    bytes += textBytes(message);
    cut = messages.length > 0 && bytes > max_bytes;
    if (cut || messages.push(message) === limit) break;
  }
  messages.sort((a, b) => a.msg_id - b.msg_id);
  return { messages: order === "asc" ? messages : messages.reverse(), cut };
}

function* byTurns<T>(...sources: readonly Iterable<T>[]): Generator<T> {
  const left = sources.map((source) => source[Symbol.iterator]());
  try {
    for (let turn = 0; left.length > 0; ) {
      const { done, value } = (left[turn % left.length] as Iterator<T>).next();
      if (done) left.splice(turn % left.length, 1);
      else {
        yield value;
        turn += 1;
      }
    }
  } finally {
    for (const source of left) source.return?.();
  }
}
