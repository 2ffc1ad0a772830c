import type { Message, MessageQuery } from "../store.ts";

type Stream = IterableIterator<Message>;

/** The next message of a stream. */
interface Head {
  readonly message: Message;
  readonly stream: Stream;
}

/** The messages of a few streams, which are in `order`, as one stream in that order. */
export function* merged(streams: readonly Stream[], order: MessageQuery["order"]): Stream {
  const sign = order === "asc" ? 1 : -1;
  let heads = streams.flatMap(headOf);
  try {
    for (;;) {
      const [first, ...others] = heads.toSorted((a, b) => sign * (a.message.msg_id - b.message.msg_id));
      if (!first) return;
      yield first.message;
      heads = [...headOf(first.stream), ...others];
    }
  } finally {
    for (const stream of streams) stream.return?.();
  }
}

function headOf(stream: Stream): Head[] {
  const { done, value } = stream.next();
  return done ? [] : [{ message: value, stream }];
}
