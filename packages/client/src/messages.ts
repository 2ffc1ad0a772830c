import { type CommandName, errorCodes, type Filter, matcherOf, type StoredMessage } from "@roomlog/protocol";
import { abortable } from "./abortable.ts";
import { CallError, isRefusal } from "./connection.ts";
import { ClientClosed, RoomEnded, RoomLeft } from "./errors.ts";
import { scanned } from "./history.ts";
import { type LiveTail, Tail } from "./tail.ts";

/** The log of a room as an iterator sees it. */
export interface Log {
  /** The life of the room. */
  readonly epoch: string | undefined;
  /** The greatest id that is known. */
  readonly tip: number;
  /** Why nothing more comes; undefined while the room is joined, or will be again. */
  readonly over: Error | undefined;
  /** From now on the tail gets live messages, and is woken when something changes, until what this gives back is called. */
  attach(tail: LiveTail): () => void;
  /** Messages behind `after`; of an ended life too. */
  page(query: PageQuery, signal?: AbortSignal): Promise<StoredMessage[]>;
  /** The id of the newest message. */
  newest(signal?: AbortSignal): Promise<number>;
}

/** Asks a command of the room; resolves with the text of the answer's frame. */
export type AskText = (name: CommandName, data: object, signal?: AbortSignal) => Promise<string>;

export interface PageQuery {
  readonly after: number;
  readonly epoch?: string | undefined;
  readonly where?: Filter | undefined;
}

export interface Follows {
  readonly after: number;
  readonly epoch: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** Only what it means (M17). */
  readonly where: Filter | undefined;
  /** The messages from `first` to `last` are not kept any more (M13), or not for this user (R11). */
  readonly onDropped: ((first: number, last: number) => void) | undefined;
}

/**
 * Every message behind `after`, once and in order, over lost connections. It ends with the life of the room, when all of it was given.
 * An iterator is a cursor: what comes live is taken when it is the next message; everything else is read from the log.
 */
export async function* follow(
  log: Log,
  { after, epoch, signal, where, onDropped }: Follows,
): AsyncGenerator<StoredMessage, void> {
  const tail = new Tail(after, wanting(where));
  const isLiving = () => epoch === log.epoch && log.over === undefined;
  const read = async () => {
    const goal = isLiving() ? log.tip : tail.last;
    const query = { after: tail.last, ...(epoch && { epoch }), ...(where && { where }) };
    const { messages: page, read_to } = await scanned(log.page(query, signal));
    const missing = tail.page(page, read_to ?? goal);
    if (!where) for (const [first, last] of missing) onDropped?.(first, last);
    return page.length > 0 || read_to !== undefined;
  };
  if (isLiving() && after > log.tip && after > (await log.newest(signal)))
    throw new CallError({ code: errorCodes.invalid_cursor, error: "Invalid cursor", field: "after" });
  const detach = isLiving() ? log.attach(tail) : () => {};
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = tail.take();
      if (next) yield next;
      else if (!isLiving()) {
        if (isOver(log) || !(await read().catch((error: unknown) => noMore(error, log)))) return;
      } else if (tail.last < log.tip) {
        // A life that ends while it is read is read on as an ended one.
        await read().catch((error: unknown) => {
          if (isLiving() || signal?.aborted) throw error;
        });
      } else await abortable(tail.woken(), signal);
    }
  } finally {
    detach();
  }
}

/** Whether a message is what a filter means; without one each is. Throws a `FilterError`. */
export function wanting(where: Filter | undefined): (message: StoredMessage) => boolean {
  const matches = where && matcherOf(where);
  return (message) =>
    !matches || matches((name) => (Object.hasOwn(message, name) ? message[name] : undefined));
}

/** Whether the iterator ends without a look at the rest: by the program's own wish. Throws when somebody else decided that. */
export function isOver({ over }: Pick<Log, "over">): boolean {
  if (over === undefined || over instanceof RoomEnded) return false;
  if (over instanceof RoomLeft && over.how === "left") return true;
  if (over instanceof ClientClosed && over.cause === undefined) return true;
  throw over;
}

/** The log of an ended life may have gone with it (M12). Without `destroyed` having been heard, 304001 may also be a ban. */
function noMore(error: unknown, { over }: Log): boolean {
  if (isRefusal(error, errorCodes.epoch_not_found)) return false;
  const hasEnded = over instanceof RoomEnded && over.cause === undefined;
  if (hasEnded && isRefusal(error, errorCodes.room_not_found)) return false;
  throw error;
}
