import type { Socket } from "node:net";
import { errorCodes } from "@roomlog/protocol";
import { askToUpgrade, type Frame, maskedFrame, takeFrames } from "../support/raw-socket.ts";
import type { Answer } from "./answers.ts";
import { limits } from "./limits.ts";

/** A frame of the server. */
export type Received =
  | { readonly kind: "answer"; readonly tid: string; readonly answer: Answer }
  | { readonly kind: "event"; readonly tid: number; readonly data: EventSeen };

export interface EventSeen {
  readonly type: string;
  readonly obj_id: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

interface Parsed {
  readonly ack?: unknown;
  readonly result?: "ok" | "error";
  readonly data?: unknown;
  readonly tid?: unknown;
}

const TEXT = 0x81;
const CLOSE = 0x88;

/** A connection of a client that does nothing by itself: events stay unanswered until somebody says otherwise. */
export class Wire {
  /** What came since the last `take`. */
  #received: Received[] = [];
  /** Tids of events, the oldest first. */
  readonly unanswered = new Set<number>();
  /** What a server must not do, whatever was asked. */
  readonly faults: string[] = [];
  readonly closed: Promise<void>;
  /** Frames so far. */
  count = 0;
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #tids = 0;
  #isEnding = false;
  #wake: () => void = () => {};

  static async connect(url: string): Promise<Wire> {
    const { socket, response } = askToUpgrade(url);
    if (!(await response).startsWith("HTTP/1.1 101")) throw new Error(await response);
    return new Wire(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes) => this.#read(bytes));
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.once("close", () => this.#wake());
  }

  /** Resolves when so many answers are there, or the connection has ended. */
  async answered(count: number): Promise<void> {
    while (this.answers() < count && !this.#socket.closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** What came since the last time. */
  take(): Received[] {
    return this.#received.splice(0);
  }

  /** The answers that have come and were not taken. */
  answers(): number {
    return this.#received.filter(({ kind }) => kind === "answer").length;
  }

  /** A request as a frame. */
  request(name: string, data: object): Buffer {
    const [cls, subclass, cmd] = name.split("/");
    this.#tids += 1;
    return framed({ class: cls, subclass, cmd, data, tid: `t${this.#tids}` });
  }

  /** The tid of the next request. */
  get nextTid(): string {
    return `t${this.#tids + 1}`;
  }

  /** Answers to events, as frames. */
  answersTo(tids: readonly number[]): Buffer[] {
    for (const tid of tids) this.unanswered.delete(tid);
    return tids.map((tid) => framed({ result: "ok", tid }));
  }

  ack(tid: number): Buffer {
    return framed({ ack: tid });
  }

  write(frames: readonly Buffer[]): void {
    if (frames.length > 0) this.#socket.write(Buffer.concat(frames));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends the connection, with the handshake or without. */
  end(how: "close" | "destroy"): Promise<void> {
    this.#isEnding = true;
    if (how === "destroy") this.#socket.destroy();
    else this.#close();
    return this.closed;
  }

  #close(): void {
    this.#socket.write(maskedFrame(CLOSE, Buffer.from([0x03, 0xe8])));
  }

  #read(bytes: Buffer): void {
    const frames: Frame[] = [];
    this.#bytes = takeFrames(Buffer.concat([this.#bytes, bytes]), frames);
    for (const { opcode, payload } of frames) {
      if (opcode === 1) this.#receive(JSON.parse(payload.toString()) as Parsed);
      if (opcode === 8) this.#closedBy(payload);
    }
    this.#wake();
  }

  /** The server ends the connection: only 1001 is to be expected. */
  #closedBy(payload: Buffer): void {
    const code = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
    if (!this.#isEnding && code !== 1001) this.faults.push(`closed: ${code} ${payload.subarray(2)}`);
    if (!this.#isEnding) this.#close();
    this.#socket.end();
  }

  #receive({ ack, result, data, tid }: Parsed): void {
    this.count += 1;
    if (ack !== undefined) return;
    if (result === "ok") this.#keep({ kind: "answer", tid: String(tid), answer: { ok: data } });
    else if (result === "error") {
      this.#keep({ kind: "answer", tid: String(tid), answer: errorIn(data as ErrorData) });
    } else this.#receiveEvent(Number(tid), data as EventSeen);
  }

  /** M11, F7 */
  #receiveEvent(tid: number, data: EventSeen): void {
    if (this.unanswered.has(tid)) this.faults.push(`[F7] tid ${tid} twice`);
    this.unanswered.add(tid);
    if (this.unanswered.size > limits.window) {
      this.faults.push(`[M11] ${this.unanswered.size} events unanswered, the window is ${limits.window}`);
    }
    this.#keep({ kind: "event", tid, data });
  }

  #keep(received: Received): void {
    this.#received.push(received);
  }
}

interface ErrorData {
  readonly code: number;
  readonly error: string;
}

function errorIn({ code, error: _, ...fault }: ErrorData): Answer {
  return code === errorCodes.invalid_message ? { error: code, fault } : { error: code };
}

function framed(value: object): Buffer {
  return maskedFrame(TEXT, JSON.stringify(value));
}
