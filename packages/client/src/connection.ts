import {
  type CommandData,
  type CommandName,
  type CommandResult,
  type ErrorData,
  type EventData,
  FRAME_TOO_LARGE,
  MALFORMED_FRAME,
} from "@roomlog/protocol";
import { abortable } from "./abortable.ts";

/** The server answered a call with an error (F2). */
export class CallError extends Error {
  readonly data: ErrorData;
  constructor(data: ErrorData) {
    super(data.error);
    this.name = "CallError";
    this.data = data;
  }
  get code(): ErrorData["code"] {
    return this.data.code;
  }
}

/** Whether the server answered with this error. */
export function isRefusal(error: unknown, code: ErrorData["code"]): error is CallError {
  return error instanceof CallError && error.code === code;
}

/** The connection ended before the answer came: whether the call took effect is unknown. */
export class ConnectionLost extends Error {
  readonly code: number;
  readonly reason: string;
  /** Whether it was this call that ended it, by its size (T3: 1009) or its width (F11: 4500): it did not take effect. */
  readonly isTooLarge: boolean;
  constructor({ code, reason }: Closed, isTooLarge = false) {
    super(`connection closed (${code}${reason && `: ${reason}`})`);
    this.name = "ConnectionLost";
    this.code = code;
    this.reason = reason;
    this.isTooLarge = isTooLarge;
  }
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
export const VANISHED = 1006;

type Measure = (frame: string) => number;

/** How much there is in a frame of what it can have too much of, by the code that says so: bytes (T3), values (F11). */
const measures: { readonly [code: number]: Measure } = {
  [FRAME_TOO_LARGE]: (frame) => new TextEncoder().encode(frame).length,
  [MALFORMED_FRAME]: (frame) =>
    frame
      .replace(/\\./g, "")
      .replace(/"[^"]*"/g, "")
      .replace(/:/g, ",,,")
      .split(/[,[{]/).length,
};

/** A frame of the server: a request (F7), an answer (F2) or an ack (F3). */
interface Received {
  readonly cmd?: string;
  readonly result?: "ok" | "error";
  readonly tid?: unknown;
  readonly data?: object | null;
}

interface Pending {
  /** The frame of the request. */
  readonly frame: string;
  resolve(data: unknown, text: string): void;
  reject(error: Error): void;
}

/** One connection to a Roomlog server: typed calls out, events in. It answers the server's requests by itself. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, Pending>();
  readonly #options: ConnectionOptions;
  readonly #ending = Promise.withResolvers<Closed>();
  #isOpen = false;
  #lastTid = 0;
  #received = 0;
  #ended: Closed | undefined;

  /** Rejects with a `ConnectionLost` when the server cannot be reached. */
  static async connect(url: string, options: ConnectionOptions = {}): Promise<Connection> {
    const socket = new WebSocket(url);
    const connection = new Connection(socket, options);
    const opened = new Promise<Connection>((resolve, reject) => {
      socket.addEventListener("open", () => resolve(connection));
      connection.closed.then((how) => reject(new ConnectionLost(how)), reject);
    });
    try {
      return await abortable(opened, options.signal);
    } catch (error) {
      connection.drop("not connected");
      throw error;
    }
  }

  private constructor(socket: WebSocket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.addEventListener("message", ({ data }) => this.#receive(String(data)));
    socket.addEventListener("open", () => {
      this.#isOpen = true;
    });
    // Node 22 tells of a connection that was not made with this event alone; of one that was made `close` says more.
    socket.addEventListener("error", () => {
      if (!this.#isOpen) this.#end({ code: VANISHED, reason: "" });
    });
    socket.addEventListener("close", ({ code, reason }) => this.#end({ code, reason }));
  }

  /** Resolves when the connection has ended. */
  get closed(): Promise<Closed> {
    return this.#ending.promise;
  }

  /** How it has ended; undefined while it lives. */
  get ended(): Closed | undefined {
    return this.#ended;
  }

  /** How many frames have come. */
  get received(): number {
    return this.#received;
  }

  /**
   * Calls a command, `class/subclass/cmd`. Rejects with a `CallError` or a `ConnectionLost`. `answered` is called between what
   * came before the ok answer and what comes behind it; who awaits the answer may have heard some of that already.
   */
  call<N extends CommandName>(
    name: N,
    data: CommandData<N>,
    { signal }: CallOptions = {},
    answered = () => {},
  ): Promise<CommandResult<N>> {
    const answer = new Promise<CommandResult<N>>((resolve, reject) => {
      const settle = (result: unknown) => {
        answered();
        resolve(result as CommandResult<N>);
      };
      this.#request(name, JSON.stringify(data), { resolve: settle, reject });
    });
    return abortable(answer, signal);
  }

  /**
   * The same with `data` as the text of a JSON object, which goes out as it is, and the answer as the text of its
   * frame: for who must not change a message by parsing it, since numbers of any size and the order of keys are kept (M7).
   */
  callText(name: CommandName, data: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#request(name, data, { resolve: (_data, text) => resolve(text), reject });
    });
  }

  /** Ends the connection; resolves when it has ended. */
  close(): Promise<Closed> {
    this.#socket.close(1000);
    return this.closed;
  }

  /** Gives the connection up at once, without waiting for a server that may not be there any more. */
  drop(reason: string): void {
    this.#end({ code: VANISHED, reason });
    this.#socket.close();
  }

  #request(name: CommandName, data: string, pending: Omit<Pending, "frame">): void {
    if (this.#ended) return pending.reject(new ConnectionLost(this.#ended));
    const [cls, subclass, cmd] = name.split("/");
    const tid = ++this.#lastTid;
    const frame = `{"class":"${cls}","subclass":"${subclass}","cmd":"${cmd}","data":${data},"tid":${tid}}`;
    this.#pending.set(tid, { ...pending, frame });
    this.#socket.send(frame);
  }

  #end(how: Closed): void {
    if (this.#ended) return;
    this.#ended = how;
    this.#options.onClosed?.(how);
    const culprit = this.#culprit(how);
    for (const pending of this.#pending.values())
      pending.reject(new ConnectionLost(how, pending === culprit));
    this.#pending.clear();
    this.#ending.resolve(how);
  }

  /** What the server did not take. */
  #culprit({ code }: Closed): Pending | undefined {
    const measure = measures[code];
    let [culprit, most]: [Pending | undefined, number] = [undefined, 0];
    for (const pending of measure ? this.#pending.values() : []) {
      const size = measure?.(pending.frame) ?? 0;
      if (size > most) [culprit, most] = [pending, size];
    }
    return culprit;
  }

  #receive(text: string): void {
    if (this.#ended) return;
    this.#received += 1;
    let frame: Received;
    try {
      frame = { ...JSON.parse(text) };
    } catch {
      return this.drop("what answers does not speak Roomlog");
    }
    const { cmd, tid, data } = frame;
    if (cmd) this.#socket.send(JSON.stringify({ result: "ok", tid }));
    else if (frame.result) this.#settle(frame, text);
    if (cmd === "event") this.#options.onEvent?.(data as EventData, text);
  }

  #settle({ result, tid, data }: Received, text: string): void {
    const pending = this.#pending.get(tid as number);
    this.#pending.delete(tid as number);
    if (result === "error") pending?.reject(new CallError({ ...data } as ErrorData));
    else pending?.resolve(data ?? {}, text);
  }
}
