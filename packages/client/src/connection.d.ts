import {
  type CommandData,
  type CommandName,
  type CommandResult,
  type ErrorData,
  type EventData,
} from "@roomlog/protocol";
/** The server answered a call with an error (F2). */
export declare class CallError extends Error {
  readonly data: ErrorData;
  constructor(data: ErrorData);
  get code(): ErrorData["code"];
}
/** Whether the server answered with this error. */
export declare function isRefusal(error: unknown, code: ErrorData["code"]): error is CallError;
/** The connection ended before the answer came: whether the call took effect is unknown. */
export declare class ConnectionLost extends Error {
  readonly code: number;
  readonly reason: string;
  /** Whether it was this call that ended it, by its size (T3: 1009): it did not take effect. */
  readonly isTooLarge: boolean;
  constructor({ code, reason }: Closed, isTooLarge?: boolean);
}
/** How a connection ended (T3). */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}
export interface ConnectionOptions {
  /** Called with the `data` of each event, in the order received, and the text of its frame (see `callText`). */
  readonly onEvent?: (event: EventData, text: string) => void;
  /** Called once it has ended, before what waits for answers is rejected. */
  readonly onClosed?: (how: Closed) => void;
  /** Ends the attempt to connect. */
  readonly signal?: AbortSignal;
}
export interface CallOptions {
  /** Ends the waiting; whether the call took effect is unknown then. */
  readonly signal?: AbortSignal | undefined;
}
/** What a socket says when the other side vanished (RFC 6455 §7.1.5). */
export declare const VANISHED = 1006;
/** One connection to a Roomlog server: typed calls out, events in. It answers the server's requests by itself. */
export declare class Connection {
  #private;
  /** Rejects with a `ConnectionLost` when the server cannot be reached. */
  static connect(url: string, options?: ConnectionOptions): Promise<Connection>;
  private constructor();
  /** Resolves when the connection has ended. */
  get closed(): Promise<Closed>;
  /** How it has ended; undefined while it lives. */
  get ended(): Closed | undefined;
  /** How many frames have come. */
  get received(): number;
  /** Calls a command, `class/subclass/cmd`. Rejects with a `CallError` or a `ConnectionLost`. */
  call<N extends CommandName>(
    name: N,
    data: CommandData<N>,
    { signal }?: CallOptions,
  ): Promise<CommandResult<N>>;
  /**
   * The same with `data` as the text of a JSON object, which goes out as it is, and the answer as the text of its
   * frame: for who must not change a message by parsing it, since numbers of any size and the order of keys are kept (M7).
   */
  callText(name: CommandName, data: string): Promise<string>;
  /** Ends the connection; resolves when it has ended. */
  close(): Promise<Closed>;
  /** Gives the connection up at once, without waiting for a server that may not be there any more. */
  drop(reason: string): void;
}
