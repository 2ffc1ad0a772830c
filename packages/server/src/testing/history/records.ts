import type { ErrorCode } from "@roomlog/protocol";

/** A message as somebody saw it. */
export interface Seen {
  readonly msg_id: number;
  /** The send it came from. */
  readonly id: string;
  /** What was sent, as JSON text: the message without the server's own fields. */
  readonly text: string;
  readonly timestmap: number;
  /** Its body is gone (M21). Then nothing of it says which send it was: `id` is empty, `text` is `{}`. */
  readonly erased?: true;
}

/**
 * A send goes out. Its `id` is part of its text and belongs to no other send; the same one again is a retry, in the
 * same words, under the same `client_msg_id`. Each time it may have one outcome.
 */
export interface Invoke {
  readonly kind: "invoke";
  readonly room: string;
  /** Whose message it is: an erasure takes those of a user. */
  readonly user: string;
  readonly client: string;
  readonly id: string;
  readonly text: string;
}

/** A send was acknowledged. */
export interface Ok {
  readonly kind: "ok";
  readonly id: string;
  readonly msg_id: number;
  /** Answered as one that was stored before (M9). */
  readonly duplicate?: true;
}

/** A send was refused: this time nothing was stored, and nothing will be. */
export interface Refused {
  readonly kind: "error";
  readonly id: string;
  readonly code: ErrorCode;
}

/** A send got no answer, or 304105: it was stored or it was not. */
export interface Unknown {
  readonly kind: "unknown";
  readonly id: string;
}

/** The erasure of all that a user has sent goes out (M21), also one that was cut short before. */
interface Erase {
  readonly kind: "erase";
  readonly user: string;
}

/** It was answered; or, when it is not `complete`, cut short: then some of the bodies are gone. */
interface Erased {
  readonly kind: "erased";
  readonly user: string;
  readonly complete: boolean;
}

/** An event arrived. `connection` counts the connections of a subscriber; one connection has one run of each room. */
export interface Event extends Seen {
  readonly kind: "event";
  readonly subscriber: string;
  readonly connection: number;
  readonly room: string;
}

/**
 * A subscriber goes on behind `after` (M10): from here on this connection gets the room's log from there, and at the
 * end of the history its subscriber has seen all of it behind the first `after`.
 */
export interface Resume {
  readonly kind: "resume";
  readonly subscriber: string;
  readonly connection: number;
  readonly room: string;
  readonly after: number;
}

/** The server did not know the place behind which a subscriber wanted to go on, or not the whole log from there. */
export interface Astray {
  readonly kind: "astray";
  readonly subscriber: string;
  readonly room: string;
  readonly after: number;
  /** As JSON text. */
  readonly answer: string;
}

/** The answer to a read of what follows `after`. */
export interface PageRead {
  readonly kind: "page";
  readonly room: string;
  readonly after: number;
  readonly messages: readonly Seen[];
  /** How many erasures had been answered as complete when it was asked for; none when it is absent. */
  readonly erasures?: number;
}

/** A piece of a room's full read at the end; the pieces of a room follow one another. */
export interface FinalRead {
  readonly kind: "final";
  readonly room: string;
  readonly messages: readonly Seen[];
}

/** One line of a history. The lines stand in the order in which one observer wrote them down. */
export type HistoryRecord =
  | Invoke
  | Ok
  | Refused
  | Unknown
  | Erase
  | Erased
  | Event
  | Resume
  | Astray
  | PageRead
  | FinalRead;

/** What can be wrong with a history, by the names that the promises use. */
export const anomalyTexts = {
  "lost-acked-write": "acknowledged, but not in the final read",
  duplicate: "stored more than once, however often it was sent",
  "retry-got-other-id": "two answers to one send name different ids",
  "duplicate-flag": "a retry not answered as one, or a first send answered as a retry",
  "gap-in-ids": "the ids of a room are not 1, 2, 3 …",
  "duplicate-or-unordered-id": "the final read does not ascend",
  "phantom-event": "an event or a page showed a message that is not in the final read",
  "aborted-read": "stored, but refused or never sent",
  "inconsistent-offset": "one id, different messages in two places",
  "realtime-order": "sent after another was acknowledged, but before it in the log",
  nonmonotonic: "an event after one with a greater id",
  "event-twice": "an event again: on one connection, or behind which it went on",
  "poll-skip": "a hole in the events of one connection",
  "place-lost": "who went on where it had stopped was told that this place is not there",
  unseen: "who went on where it had stopped has not seen everything at the end",
  "page-gap": "a hole or a wrong order in a page",
  "page-start": "a page does not begin behind the id that it was asked for",
  "time-decreases": "the time falls as the ids rise",
  "cross-room": "seen in a room that it was not sent to",
  "content-changed": "not what was sent, or another time than elsewhere",
  "erased-unasked": "a body is gone, and no erasure can have taken it",
  "erased-came-back": "a body is there again that was gone when its user's erasure was answered",
} as const;

export type AnomalyName = keyof typeof anomalyTexts;

export interface Anomaly {
  readonly name: AnomalyName;
  readonly room: string;
  readonly detail: string;
}
