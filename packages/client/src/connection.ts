import {
  type CommandData,
  type CommandName,
  type CommandResult,
  classify,
  type ErrorData,
  type EventData,
  isJsonObject,
} from "@roomlog/protocol";

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

/** The connection ended before the answer came: whether the call took effect is unknown. */
export class ConnectionLost extends Error {
  readonly code: number;
  readonly reason: string;
  constructor({ code, reason }: Closed) {
    super(`connection closed (${code}${reason && `: ${reason}`})`);
    this.name = "ConnectionLost";
    this.code = code;
    this.reason = reason;
  }
}

/** How a connection ended (T3). */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export interface ConnectionOptions {
  /** Called with the `data` of each event, in the order received. */
  readonly onEvent?: (event: EventData) => void;
}

interface Pending {
  resolve(data: unknown): void;
  reject(error: Error): void;
}

/** One connection to a Roomlog server: typed calls out, events in. It answers the server's requests by itself. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, Pending>();
  readonly #onEvent: (event: EventData) => void;
  #lastTid = 0;
  #ended: Closed | undefined;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<Closed>;

  /** Rejects with a `ConnectionLost` when the server cannot be reached. */
  static async connect(url: string, options: ConnectionOptions = {}): Promise<Connection> {
    const socket = new WebSocket(url);
    const client = new Connection(socket, options);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      client.closed.then((how) => reject(new ConnectionLost(how)), reject);
    });
    return client;
  }

  private constructor(socket: WebSocket, { onEvent = () => {} }: ConnectionOptions) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    socket.addEventListener("message", ({ data }) => this.#receive(String(data)));
    socket.addEventListener("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => {
        this.#ended = { code, reason };
        for (const pending of this.#pending.values()) pending.reject(new ConnectionLost({ code, reason }));
        this.#pending.clear();
        resolve({ code, reason });
      });
    });
  }

  /** Calls a command, `class/subclass/cmd`. Rejects with a `CallError` or a `ConnectionLost`. */
  call<N extends CommandName>(name: N, data: CommandData<N>): Promise<CommandResult<N>> {
    const [cls, subclass, cmd] = name.split("/");
    const tid = ++this.#lastTid;
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(new ConnectionLost(this.#ended));
      this.#pending.set(tid, { resolve: resolve as Pending["resolve"], reject });
      this.#socket.send(JSON.stringify({ class: cls, subclass, cmd, data, tid }));
    });
  }

  /** Ends the connection; resolves when it has ended. */
  close(): Promise<Closed> {
    this.#socket.close(1000);
    return this.closed;
  }

  #receive(text: string): void {
    const frame = classify(JSON.parse(text));
    if (frame.kind === "response") this.#settle(frame.tid, frame.result, frame.data);
    if (frame.kind !== "request") return;
    this.#socket.send(JSON.stringify({ result: "ok", tid: frame.tid }));
    if (frame.cmd === "event") this.#onEvent(frame.data as unknown as EventData);
  }

  #settle(tid: unknown, result: unknown, data: unknown): void {
    const pending = this.#pending.get(tid as number);
    this.#pending.delete(tid as number);
    if (result === "error" && isJsonObject(data))
      pending?.reject(new CallError(data as unknown as ErrorData));
    else pending?.resolve(data ?? {});
  }
}
