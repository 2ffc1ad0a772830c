import type { CommandData, CommandName, CommandResult, EventData, JsonObject } from "@roomlog/protocol";
import type { CallOptions } from "./connection.ts";
import { type Unsubscribe } from "./listeners.ts";
import { type ClientOptions } from "./options.ts";
import { Room } from "./room.ts";
import type { JoinOptions } from "./room-options.ts";
import type { ClientState } from "./state.ts";

type Pattern = CommandData<"core/event/subscribe">;
/** A client that stays logged in: it connects again by itself, and its rooms, sends and iterators go on. */
export declare class Client {
  #private;
  /**
   * Resolves when it is logged in for the first time; it tries for so long as that takes. Rejects with what refuses it
   * for good: a `CallError` (100030: wrong credentials), a close of 4500–4999 or for too large a login (1009), an error of the token source, or the reason of `signal`.
   */
  static connect(url: string | URL, options?: ClientOptions): Promise<Client>;
  private constructor();
  get state(): ClientState;
  /** Listens to the changes of `state`. Returns what ends it. */
  onState(listener: (state: ClientState) => void): Unsubscribe;
  /** Listens to the events of one `type`, or to all (`"*"`), of rooms too. Returns what ends it. */
  on(type: string, listener: (event: EventData) => void): Unsubscribe;
  /**
   * Calls a command, `class/subclass/cmd`. While there is no connection it waits; `signal` ends the waiting. A command that
   * only reads is repeated until there is an answer; any other rejects with a `ConnectionLost` when the connection ends before its answer: its outcome is unknown.
   */
  call<N extends CommandName>(
    name: N,
    data: CommandData<N>,
    { signal }?: CallOptions,
  ): Promise<CommandResult<N>>;
  /** Subscribes to events (E2), on each connection anew. Returns what ends it; of equal ones the last ends it for all. */
  subscribe(pattern: Pattern): Promise<() => Promise<void>>;
  /** Goes into a room, and again after each reconnect (R4). Rejects with a `CallError`; 304001: there is no such room. */
  join<T = JsonObject>(room_id: string, options?: JoinOptions<T>): Promise<Room<T>>;
  /** Closes the connection; what waits is rejected with a `ClientClosed`, iterators throw it. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
