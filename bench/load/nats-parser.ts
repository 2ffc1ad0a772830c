import { digitsBefore } from "./frames.ts";
import type { Receiver } from "./wire.ts";

export interface NatsHandlers {
  /** @param sid the subscription's number, one digit */
  message(sid: number, bytes: Buffer, start: number, end: number): void;
  ping(): void;
  pong(): void;
}

const LF = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;
const M = 0x4d;
const H = 0x48;
const P = 0x50;
const I = 0x49;
const MINUS = 0x2d;
const LINE_END = 2;
/** `MSG` or `HMSG`. */
const LONGEST_NAME = "HMSG ".length;

/** Takes NATS' protocol apart, which runs through the frames as through a socket: they end anywhere. */
export class NatsParser implements Receiver {
  readonly #handlers: NatsHandlers;
  #rest: Buffer | undefined;

  constructor(handlers: NatsHandlers) {
    this.#handlers = handlers;
  }

  frame(frame: Buffer, start: number, end: number): void {
    if (!this.#rest) return this.#keep(frame, this.#parse(frame, start, end), end);
    const bytes = Buffer.concat([this.#rest, frame.subarray(start, end)]);
    this.#rest = undefined;
    this.#keep(bytes, this.#parse(bytes, 0, bytes.length), bytes.length);
  }

  #keep(bytes: Buffer, from: number, end: number): void {
    if (from < end) this.#rest = Buffer.from(bytes.subarray(from, end));
  }

  /** Where the first operation begins that is not whole. */
  #parse(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      const line = bytes.indexOf(LF, at);
      if (line < 0 || line >= end) break;
      const next =
        bytes[at] === M || bytes[at] === H
          ? this.#message(bytes, at, line, end)
          : this.#line(bytes, at, line);
      if (next > end) break;
      at = next;
    }
    return at;
  }

  /** `MSG subject sid [reply] bytes` and `HMSG subject sid [reply] header-bytes bytes`; where it ends. */
  #message(bytes: Buffer, at: number, line: number, end: number): number {
    const digits = digitsBefore(bytes, line - 1);
    const start = line + 1;
    const stop = start + Number(bytes.toString("latin1", digits, line - 1));
    if (stop + LINE_END <= end) {
      const sid = bytes.indexOf(SPACE, at + LONGEST_NAME) + 1;
      this.#handlers.message((bytes[sid] as number) - ZERO, bytes, start, stop);
    }
    return stop + LINE_END;
  }

  #line(bytes: Buffer, at: number, line: number): number {
    const [first, second] = [bytes[at], bytes[at + 1]];
    if (first === P && second === I) this.#handlers.ping();
    else if (first === P) this.#handlers.pong();
    else if (first === MINUS) throw new Error(bytes.toString("latin1", at, line));
    return line + 1;
  }
}
