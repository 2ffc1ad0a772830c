import { closeCodes } from "@roomlog/protocol";
import type { Service } from "../core/service.ts";
import type { Session } from "../core/session.ts";
import type { Connection, Ended, Frames, Receiver } from "../transport/transport.ts";

/** The answer to a call: `data` is its JSON as it stands (M7); an empty object has none (F2). */
export interface Answer {
  readonly result: "ok" | "error";
  readonly data: string | undefined;
}

/** The session ended before the answer came: whether the call took effect is unknown. */
export class SessionEnded extends Error {
  readonly how: Ended;
  constructor(how: Ended) {
    super(how.reason ?? `the session ended with ${how.code}`);
    this.name = "SessionEnded";
    this.how = how;
  }
}

/** Where a client is (T8). */
export interface Origin {
  readonly remote: string;
  readonly address: string;
}

/** Takes an event's frame, and calls `taken` when it is where it was to go. */
export type OnEvent = (frame: string, taken: () => void) => void;

interface Pending {
  resolve(answer: Answer): void;
  reject(error: SessionEnded): void;
}

/** What waits to be taken, and how many bytes that are. */
interface Waiting {
  readonly text: string;
  readonly bytes: number;
}

const ANSWER = '{"result":"';
const ACK = '{"ack":';
const EVENT = '{"class":"core","cmd":"event"';
const PING = '{"class":"core","cmd":"ping"';
const DATA = '"data":';
const NOT_IMPLEMENTED = '{"code":100006,"error":"Not implemented"}';

/**
 * A client in the process of the server: it has a session as one behind a socket has, with the same login, rights, rates,
 * order and audit. It answers the server's pings by itself, and its events when they are where they were to go, so the
 * window (M11) holds for whom it works for.
 */
export class LocalClient implements Connection {
  readonly remote: string;
  readonly session: Session;
  /** It is one of several that somebody has, so an id that is given for him is not for it (L16). */
  readonly ownId = true;
  /** With what its login can be asked about again (L13). */
  resumeToken: string | undefined;
  /** Called once, when the session has ended. */
  onEnded: (how: Ended) => void = () => {};
  readonly #receiver: Receiver;
  readonly #onEvent: OnEvent;
  readonly #pending = new Map<number, Pending>();
  /** What the session does not read at present. */
  readonly #unread: string[] = [];
  #unreadUnits = 0;
  #untaken: Waiting[] = [];
  #lastTid = 0;
  #sent = 0;
  #waiting = 0;
  #paused = false;
  #isTaking = false;
  #ended: Ended | undefined;

  constructor(service: Service, { remote, address }: Origin, onEvent: OnEvent = (_frame, taken) => taken()) {
    this.remote = remote;
    this.#onEvent = onEvent;
    this.session = service.accept(this, address);
    this.#receiver = this.session;
  }

  get sent(): number {
    return this.#sent;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** Whether the session reads; one over its rates rests (Q3). */
  get isRead(): boolean {
    return !this.#paused;
  }

  /**
   * Calls a command, `class/subclass/cmd`, whose `data` is JSON text that `JSON.parse` accepts. Rejects with
   * `SessionEnded`.
   */
  call(name: string, data = "{}"): Promise<Answer> {
    const [cls, subclass, cmd] = name.split("/");
    const head = JSON.stringify({ class: cls, subclass, cmd }).slice(0, -1);
    return this.request(`${head},"data":${data}`);
  }

  /** The same, for the text of a whole request without its end, where the tid will stand. */
  request(head: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(new SessionEnded(this.#ended));
      const tid = ++this.#lastTid;
      this.#pending.set(tid, { resolve, reject });
      this.#say(`${head},"tid":${tid}}`);
    });
  }

  /** Ends the session. */
  end(): void {
    if (this.#ended) return;
    this.#end({ by: "client", code: 1000 });
    this.#receiver.closed({ by: "client", code: 1000 });
  }

  send(frames: string | Frames): void {
    for (const text of typeof frames === "string" ? [frames] : frames.texts) {
      const bytes = Buffer.byteLength(text);
      this.#sent += bytes;
      this.#waiting += bytes;
      this.#untaken.push({ text, bytes });
    }
    this.#takeSoon();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    queueMicrotask(() => this.#readOn());
  }

  close(code: number, reason: string): void {
    // What was sent before comes first.
    queueMicrotask(() => this.#end({ by: "server", code, reason }));
  }

  /** Not in the turn of whoever sends: an answer would come before it has noted what it asked. */
  #takeSoon(): void {
    if (this.#isTaking) return;
    this.#isTaking = true;
    queueMicrotask(() => this.#take());
  }

  #take(): void {
    for (let next = this.#untaken; next.length > 0; next = this.#untaken) {
      this.#untaken = [];
      for (const one of next) this.#receive(one);
    }
    this.#isTaking = false;
  }

  #receive({ text, bytes }: Waiting): void {
    if (text.startsWith(EVENT)) {
      return this.#onEvent(text, () => {
        this.#answer(text, '"ok"');
        this.#taken(bytes);
      });
    }
    if (text.startsWith(ANSWER)) this.#settle(text);
    else if (text.startsWith(PING)) this.#answer(text, '"ok"');
    else if (!text.startsWith(ACK)) this.#answer(text, `"error","data":${NOT_IMPLEMENTED}`);
    this.#taken(bytes);
  }

  #taken(bytes: number): void {
    this.#waiting -= bytes;
    if (this.#waiting === 0 && !this.#ended) this.#receiver.drained();
  }

  #settle(text: string): void {
    const tid = tidOf(text);
    const pending = this.#pending.get(tid);
    this.#pending.delete(tid);
    const isOk = text.startsWith("ok", ANSWER.length);
    const from = text.indexOf(DATA, ANSWER.length);
    // Without data the first member behind the result is the tid.
    const hasData = from === ANSWER.length + (isOk ? "ok" : "error").length + 2;
    const data = hasData ? text.slice(from + DATA.length, text.lastIndexOf(',"tid":')) : undefined;
    pending?.resolve({ result: isOk ? "ok" : "error", data });
  }

  #answer(request: string, result: string): void {
    this.#say(`{"result":${result},"tid":${tidOf(request)}}`);
  }

  #say(text: string): void {
    if (!this.#paused && this.#unread.length === 0) return this.#hand(text);
    const { requests_in_flight, session_queue_bytes } = this.session.limits;
    this.#unread.push(text);
    this.#unreadUnits += text.length;
    // It has a bound of its own: a session that rests reads nothing.
    if (this.#unread.length <= requests_in_flight && this.#unreadUnits <= session_queue_bytes) return;
    this.session.close(closeCodes.rate, "too much waits while the session is over its rates");
  }

  #readOn(): void {
    while (!this.#paused) {
      const text = this.#unread.shift();
      if (text === undefined) return;
      this.#unreadUnits -= text.length;
      this.#hand(text);
    }
  }

  #hand(text: string): void {
    if (!this.#ended) this.#receiver.frame(text, Buffer.byteLength(text));
  }

  #end(how: Ended): void {
    if (this.#ended) return;
    this.#ended = how;
    for (const { reject } of this.#pending.values()) reject(new SessionEnded(how));
    this.#pending.clear();
    this.#unread.length = 0;
    this.onEnded(how);
  }
}

/** The tid of a frame that the server made: it stands at the end, and is a number. */
function tidOf(text: string): number {
  return Number(text.slice(text.lastIndexOf(":") + 1, -1));
}
