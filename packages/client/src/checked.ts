import { errorCodes, type StoredMessage } from "@roomlog/protocol";
import { elementsIn } from "./checked/elements.ts";
import { type Checkpoint, LogChanged, LogCheck, startDigest } from "./checked/log-check.ts";
import { type CallOptions, isRefusal } from "./connection.ts";
import type { Message } from "./message.ts";
import type { AskText, Log, PageQuery } from "./messages.ts";
import type { Room } from "./room.ts";
import type { LiveTail } from "./tail.ts";

export { type Checkpoint, LogChanged, LogCheck, startDigest } from "./checked/log-check.ts";

export interface CheckedOptions extends CallOptions {
  /** Where to go on; from the start of the room's present life by default. */
  readonly from?: Checkpoint | undefined;
  /** Told that the messages from `first` to `last` are not kept any more (M13): they cannot be checked, what follows can. */
  readonly onDropped?: ((first: number, last: number) => void) | undefined;
}

/** Entries that one request asks for. */
const PAGE = 200;

/**
 * `room.messages()`, with the digest of the log recomputed over all that comes (M23): over reconnects, restarts, edits and
 * deletions. Throws a `LogChanged` at the first entry that does not fit. `$log.digest` of a message, its `msg_id` and the
 * room's `epoch` are the checkpoint from which another time, or another program, can go on. While it runs, the connection is
 * subscribed to the room's messages with digests: in place of another `msglog_subscribe`, and for all who listen on it.
 */
export function checkedMessages<T>(
  room: Room<T>,
  { from, signal, onDropped }: CheckedOptions = {},
): AsyncGenerator<Message<T>, void> {
  const { room_id } = room;
  const epoch = from?.epoch ?? room.epoch;
  const check = new LogCheck(room_id, from ?? { epoch, msg_id: 0, digest: startDigest({ room_id, epoch }) });
  const reading = (log: Log, ask: AskText): Log => ({
    get epoch() {
      return log.epoch;
    },
    /** Also what a message says has changed it: it has to come. */
    get tip() {
      return Math.max(log.tip, check.spokenOf);
    },
    get over() {
      return log.over;
    },
    attach: (tail) => withDigests(check, { log, ask, tail }),
    newest: (signal) => log.newest(signal),
    page: (query, signal) => checkedPage(check, (name, data) => ask(name, data, signal), query),
  });
  return room.followed(reading, { after: check.at.msg_id, epoch, signal, onDropped });
}

interface Digests {
  readonly log: Log;
  readonly ask: AskText;
  readonly tail: LiveTail;
}

/**
 * Live messages come to the tail when they fit; every other one is read from the log, which decides. One without a digest
 * says that this connection has not been asked for them.
 */
function withDigests(check: LogCheck, { log, ask, tail }: Digests): () => void {
  const ending = new AbortController();
  let isAsking = false;
  const subscribe = async () => {
    if (isAsking) return;
    isAsking = true;
    // Who is refused reads all from the log.
    await ask("media/room/msglog_subscribe", { digest: true }, ending.signal).catch(() => {});
    isAsking = false;
  };
  const detach = log.attach({
    live(message) {
      if (message.$log?.digest) takeLive(check, tail, message);
      else void subscribe();
    },
    wake: () => tail.wake(),
    get last() {
      return tail.last;
    },
  });
  void subscribe();
  return () => {
    detach();
    ending.abort();
    ask("media/room/msglog_unsubscribe", {}).catch(() => {});
  };
}

function takeLive(check: LogCheck, tail: LiveTail, message: StoredMessage): void {
  try {
    // Of a text that was written in another way, or has keys of a subscription (E3), the hash is another one.
    const pass = check.look(JSON.stringify(message), message);
    tail.live(message, message.msg_id - 1);
    if (tail.last === message.msg_id) pass();
  } catch (error) {
    if (!(error instanceof LogChanged)) throw error;
  }
}

async function checkedPage(
  check: LogCheck,
  ask: AskText,
  { after, epoch }: PageQuery,
): Promise<StoredMessage[]> {
  const frame = await ask("media/room/msglog_get", { after, epoch, limit: PAGE, digest: true });
  const texts = elementsIn(frame);
  const [first] = texts;
  if (first === undefined) {
    if (check.spokenOf > check.at.msg_id && (await digestAt(check.at.msg_id, epoch, ask))) check.end();
    return [];
  }
  const { msg_id }: StoredMessage = JSON.parse(first);
  const isDropped =
    msg_id > check.at.msg_id + 1 && (await digestAt(check.at.msg_id, epoch, ask)) === undefined;
  if (isDropped) {
    const base = await digestAt(msg_id - 1, epoch, ask);
    // More was dropped meanwhile.
    if (!base) return checkedPage(check, ask, { after, epoch });
    check.skip(base);
  }
  return texts.map((text) => {
    const entry: StoredMessage = JSON.parse(text);
    // It came live meanwhile, and the iterator has it.
    return entry.msg_id <= check.at.msg_id ? entry : check.next(text, entry);
  });
}

/** Of an entry that is kept, or stands before the first of these; undefined when it does not. */
async function digestAt(
  at: number,
  epoch: string | undefined,
  ask: AskText,
): Promise<Checkpoint | undefined> {
  try {
    return JSON.parse(await ask("media/room/msglog_digest", { epoch, at })).data;
  } catch (error) {
    if (isRefusal(error, errorCodes.message_not_found)) return undefined;
    throw error;
  }
}
