import { type EventData, type JsonObject } from "@roomlog/protocol";
import { type CallOptions, type Connection } from "./connection.ts";
import { type HistoryOptions } from "./history.ts";
import { type Unsubscribe } from "./listeners.ts";
import { type Message } from "./message.ts";
import { type SendOptions, type Sent } from "./outbox.ts";
import type { Members, RoomEvents } from "./room-events.ts";
import type { JoinOptions, MessagesOptions, RoomParts } from "./room-options.ts";
/** One life of a room that the client is in, and comes into again after each reconnect. */
export declare class Room<T = JsonObject> {
  #private;
  readonly room_id: string;
  constructor(parts: RoomParts, options: JoinOptions<T>);
  /** The name of this life of the room (M12). */
  get epoch(): string;
  /** Who is here, kept current; a new map after each change. */
  get members(): Members;
  /** The id of the newest message that is known. */
  get last_id(): number;
  /** Resolves with why when the room is over: a `RoomEnded`, a `RoomLeft`, a `ClientClosed` or the refusal of the server. */
  get ended(): Promise<Error>;
  /**
   * Sends a message; resolves when it is durable. While there is no connection it waits, and it is sent again until
   * the server has said what became of it: it is stored once. Rejects with a `CallError` that is definite, an
   * `OutcomeUnknown`, an `OutboxFull`, a `ConnectionLost` with `isTooLarge`, or with why the room is over.
   */
  send(msg: T & object, options?: SendOptions): Promise<Sent>;
  /** R5: typing, hands, cursors. Goes to who is here now; resolves with false when there is no connection. */
  sendInfo(info: string, meta?: JsonObject): Promise<boolean>;
  /** R5: resolves with false when there is no connection. */
  setStatus(cls: string, data: JsonObject): Promise<boolean>;
  /**
   * Every message behind `after`, once and in order, over reconnects and restarts of the server; it waits for new
   * ones. Ends when the room has ended or was left, throws when the user was put out. Each iterator is a cursor of its own.
   */
  messages(options?: MessagesOptions): AsyncGenerator<Message<T>, void>;
  /** What is in the log, from either end: the newest first unless `order` says `asc`. */
  history(options?: HistoryOptions): AsyncGenerator<Message<T>, void>;
  /** Listens to one kind of event, `members` or what R and M name. Returns what ends it. */
  on<K extends keyof RoomEvents>(type: K, listener: (body: RoomEvents[K]) => void): Unsubscribe;
  /** Leaves the room: iterators end, sends that wait are rejected. Resolves when the server knows. */
  leave({ signal }?: CallOptions): Promise<void>;
  /** @internal Resolves when it is joined. */
  joined(signal?: AbortSignal): Promise<this>;
  /** @internal Joins, on a new connection. */
  enter(connection: Connection): Promise<void>;
  /** @internal The connection is lost. */
  lost(): void;
  /** @internal An event of this room. */
  take(event: EventData): void;
  /** @internal For good. */
  end(reason: Error): void;
}
