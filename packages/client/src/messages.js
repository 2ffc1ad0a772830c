import { errorCodes } from "@roomlog/protocol";
import { abortable } from "./abortable.ts";
import { CallError, isRefusal } from "./connection.ts";
import { ClientClosed, RoomEnded, RoomLeft } from "./errors.ts";
import { Tail } from "./tail.ts";
/**
 * Every message behind `after`, once and in order, over lost connections. It ends with the life of the room, when all of it was given.
 * An iterator is a cursor: what comes live is taken when it is the next message; everything else is read from the log.
 */
export async function* follow(log, { after, epoch, signal, onDropped }) {
  const tail = new Tail(after);
  const isLiving = () => epoch === log.epoch && log.over === undefined;
  const read = async () => {
    const goal = isLiving() ? log.tip : tail.last;
    const page = await log.page(tail.last, epoch, signal);
    for (const [first, last] of tail.page(page, goal)) onDropped?.(first, last);
    return page.length > 0;
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
        if (isOver(log) || !(await read().catch((error) => noMore(error, log)))) return;
      } else if (tail.last < log.tip) {
        // A life that ends while it is read is read on as an ended one.
        await read().catch((error) => {
          if (isLiving() || signal?.aborted) throw error;
        });
      } else await abortable(tail.woken(), signal);
    }
  } finally {
    detach();
  }
}
/** Whether the iterator ends without a look at the rest: by the program's own wish. Throws when somebody else decided that. */
function isOver({ over }) {
  if (over === undefined || over instanceof RoomEnded) return false;
  if (over instanceof RoomLeft && over.how === "left") return true;
  if (over instanceof ClientClosed && over.cause === undefined) return true;
  throw over;
}
/** The log of an ended life may have gone with it (M12). Without `destroyed` having been heard, 304001 may also be a ban. */
function noMore(error, { over }) {
  if (isRefusal(error, errorCodes.epoch_not_found)) return false;
  const hasEnded = over instanceof RoomEnded && over.cause === undefined;
  if (hasEnded && isRefusal(error, errorCodes.room_not_found)) return false;
  throw error;
}
//# sourceMappingURL=messages.js.map
