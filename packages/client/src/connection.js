import { classify, closeCodes, isJsonObject } from "@roomlog/protocol";
import { abortable } from "./abortable.ts";
/** The server answered a call with an error (F2). */
export class CallError extends Error {
  data;
  constructor(data) {
    super(data.error);
    this.name = "CallError";
    this.data = data;
  }
  get code() {
    return this.data.code;
  }
}
/** Whether the server answered with this error. */
export function isRefusal(error, code) {
  return error instanceof CallError && error.code === code;
}
/** The connection ended before the answer came: whether the call took effect is unknown. */
export class ConnectionLost extends Error {
  code;
  reason;
  /** Whether it was this call that ended it, by its size (T3: 1009): it did not take effect. */
  isTooLarge;
  constructor({ code, reason }, isTooLarge = false) {
    super(`connection closed (${code}${reason && `: ${reason}`})`);
    this.name = "ConnectionLost";
    this.code = code;
    this.reason = reason;
    this.isTooLarge = isTooLarge;
  }
}
/** What a socket says when the other side vanished (RFC 6455 §7.1.5). */
export const VANISHED = 1006;
const FRAME_TOO_LARGE = closeCodes.frame_too_large;
/** One connection to a Roomlog server: typed calls out, events in. It answers the server's requests by itself. */
export class Connection {
  #socket;
  #pending = new Map();
  #options;
  #ending = Promise.withResolvers();
  #isOpen = false;
  #lastTid = 0;
  #received = 0;
  #ended;
  /** Rejects with a `ConnectionLost` when the server cannot be reached. */
  static async connect(url, options = {}) {
    const socket = new WebSocket(url);
    const connection = new Connection(socket, options);
    const opened = new Promise((resolve, reject) => {
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
  constructor(socket, options) {
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
  get closed() {
    return this.#ending.promise;
  }
  /** How it has ended; undefined while it lives. */
  get ended() {
    return this.#ended;
  }
  /** How many frames have come. */
  get received() {
    return this.#received;
  }
  /** Calls a command, `class/subclass/cmd`. Rejects with a `CallError` or a `ConnectionLost`. */
  call(name, data, { signal } = {}) {
    const answer = new Promise((resolve, reject) => {
      this.#request(name, JSON.stringify(data), { resolve: resolve, reject });
    });
    return abortable(answer, signal);
  }
  /**
   * The same with `data` as the text of a JSON object, which goes out as it is, and the answer as the text of its
   * frame: for who must not change a message by parsing it, since numbers of any size and the order of keys are kept (M7).
   */
  callText(name, data) {
    return new Promise((resolve, reject) => {
      this.#request(name, data, { resolve: (_data, text) => resolve(text), reject });
    });
  }
  /** Ends the connection; resolves when it has ended. */
  close() {
    this.#socket.close(1000);
    return this.closed;
  }
  /** Gives the connection up at once, without waiting for a server that may not be there any more. */
  drop(reason) {
    this.#end({ code: VANISHED, reason });
    this.#socket.close();
  }
  #request(name, data, pending) {
    if (this.#ended) return pending.reject(new ConnectionLost(this.#ended));
    const [cls, subclass, cmd] = name.split("/");
    const tid = ++this.#lastTid;
    const frame = `{"class":"${cls}","subclass":"${subclass}","cmd":"${cmd}","data":${data},"tid":${tid}}`;
    this.#pending.set(tid, { ...pending, frame });
    this.#socket.send(frame);
  }
  #end(how) {
    if (this.#ended) return;
    this.#ended = how;
    this.#options.onClosed?.(how);
    const largest = how.code === FRAME_TOO_LARGE ? this.#largest() : undefined;
    for (const pending of this.#pending.values())
      pending.reject(new ConnectionLost(how, pending === largest));
    this.#pending.clear();
    this.#ending.resolve(how);
  }
  /** In bytes, as the server counts. */
  #largest() {
    const encoder = new TextEncoder();
    let largest;
    let most = 0;
    for (const pending of this.#pending.values()) {
      const size = encoder.encode(pending.frame).length;
      if (size > most) largest = pending;
      most = Math.max(most, size);
    }
    return largest;
  }
  #receive(text) {
    if (this.#ended) return;
    this.#received += 1;
    const frame = classify(JSON.parse(text));
    if (frame.kind === "response") this.#settle(frame, text);
    if (frame.kind !== "request") return;
    this.#socket.send(JSON.stringify({ result: "ok", tid: frame.tid }));
    if (frame.cmd === "event") this.#options.onEvent?.(frame.data, text);
  }
  #settle({ tid, result, data }, text) {
    const pending = this.#pending.get(tid);
    this.#pending.delete(tid);
    if (result === "error" && isJsonObject(data)) pending?.reject(new CallError(data));
    else pending?.resolve(data ?? {}, text);
  }
}
//# sourceMappingURL=connection.js.map
