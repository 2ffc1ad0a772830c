import type { Frames } from "../transport/transport.ts";
import type { Rights } from "./rights.ts";

/** How events reach a connection, also one that lags: what hub, feed, log and cursors say to each other (E3, M10, M11). */

/** Who receives events: each event arrives once, however many subscriptions match (E3). */
export interface Subscriber {
  /** The service it belongs to; events of another one carry that one's name (E1). */
  readonly home: string;
  /** Who it is; undefined when he has gone. */
  readonly identity:
    | { readonly user_id: string; readonly session_id: string; readonly rights: Rights }
    | undefined;
  deliver(events: EventFrames, place: Place): void;
  /** Takes messages of a lane that it reads from the log as soon as it can. */
  follow(lane: string, stretch: Stretch): void;
  /** Messages were told of which its view lets none through (M17). */
  pass(place: Place): void;
}

/** What a subscriber wants of the messages of a room, by its cursor on the log. */
export interface Wanted {
  /** Only those that this filter means, its text (M17). */
  readonly where?: string | undefined;
  /** With digests, and what proves each (M23). */
  readonly digest?: boolean | undefined;
}

/** Events as they go to the socket; subscribers without a body of their own share them. */
export interface EventFrames extends Frames {
  /** Of the first; each further one has the next. */
  readonly tid: number;
}

/** Where events stand among others, for who cannot take it at once (M11). */
export interface Place {
  /** What keeps its order: a room of a service; `""` for all that belongs to no room. */
  readonly lane: string;
  /** Whether it goes to cursors on the room's log too, beside those who subscribed to such events (M10). */
  readonly isLog?: boolean;
  /** The messages that are announced: they can be read again. */
  readonly stretch?: Stretch;
  /** Whether a life of the room ends with it (M12). */
  readonly isEnd?: boolean;
  /** Whether who lags does without it. */
  readonly isLossy?: boolean;
  /** Who may hear it (E9); without it everybody. */
  readonly hears?: (subscriber: Subscriber) => boolean;
  /** Which of the events a subscriber gets that has this view of the room (M17), by their places; undefined: all. */
  readonly seen?: (subscriber: Subscriber, view: string | undefined) => readonly number[] | undefined;
  /** Their bodies for who wants digests (M23); undefined when not all of them are known: then he reads the stretch. */
  readonly proven?: () => readonly object[] | undefined;
}

/** Where messages are read again for a subscriber that lags. */
export interface LogSource {
  /** Events of a stretch of a log as the subscriber gets them; undefined when that log is not kept (M12). */
  read(subscriber: Subscriber, stretch: Stretch, most: Most): Promise<LogRun | undefined>;
  /** Whether the subscriber listens to the messages of a room. */
  isWanted(subscriber: Subscriber, room_id: string): boolean;
  /** All that was to be read of it has been sent. */
  sent?(): void;
}

/** A part of the log of one life of a room; both ids are part of it. */
export interface Stretch {
  readonly log: LogSource;
  readonly room_id: string;
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
}

export interface Most {
  readonly events: number;
  /** Of the messages' text; the first message comes however large it is. */
  readonly bytes: number;
}

/** The beginning of a stretch. */
export interface LogRun {
  /** Tells of what retention has dropped from the stretch, when it has (M13). */
  readonly dropped?: { readonly first_id: number; readonly frame: EventFrames };
  readonly events: readonly { readonly msg_id: number; readonly frame: EventFrames }[];
  /** The last message that was looked at, when a view may have left messages out (M17). */
  readonly read_to?: number;
}

/** The lane of a room's events. */
export function laneOf(service: string, room_id: string): string {
  return `${service}\u0000${room_id}`;
}
