import { type StoredMessage } from "@roomlog/protocol";
import { Tail } from "./tail.ts";
/** The log of a room as an iterator sees it. */
export interface Log {
  /** The life of the room. */
  readonly epoch: string | undefined;
  /** The greatest id that is known. */
  readonly tip: number;
  /** Why nothing more comes; undefined while the room is joined, or will be again. */
  readonly over: Error | undefined;
  /** From now on the tail gets live messages, and is woken when something changes, until what this gives back is called. */
  attach(tail: Tail): () => void;
  /** Messages behind `after`; of an ended life too. */
  page(after: number, epoch: string | undefined, signal?: AbortSignal): Promise<StoredMessage[]>;
  /** The id of the newest message. */
  newest(signal?: AbortSignal): Promise<number>;
}
export interface Follows {
  readonly after: number;
  readonly epoch: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** The messages from `first` to `last` are not kept any more (M13), or not for this user (R11). */
  readonly onDropped: ((first: number, last: number) => void) | undefined;
}
/**
 * Every message behind `after`, once and in order, over lost connections. It ends with the life of the room, when all of it was given.
 * An iterator is a cursor: what comes live is taken when it is the next message; everything else is read from the log.
 */
export declare function follow(
  log: Log,
  { after, epoch, signal, onDropped }: Follows,
): AsyncGenerator<StoredMessage, void>;
