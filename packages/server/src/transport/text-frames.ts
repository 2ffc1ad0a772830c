import { isUtf8 } from "node:buffer";
import { LENGTH_16, LENGTH_64 } from "./wire.ts";

export interface TextFramesParts {
  /** Longer frames are passed on. */
  readonly frame_bytes: number;
  /** A whole text frame arrived; `bytes`: its length. */
  deliver(text: string, bytes: number): void;
  /** Bytes for the WebSocket library: whole frames and parts of frames, in their order. */
  pass(bytes: Buffer): void;
}

const FIN = 0x80;
const OPCODE = 0x0f;
const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const MASKED = 0x80;
const LENGTH = 0x7f;
const MASK_BYTES = 4;
const NOTHING = Buffer.alloc(0);

/** A frame that is not whole yet is waited for up to this length; a longer one is the library's. */
const WAITED_FOR = 4096;

/**
 * The way around the WebSocket library for nearly all that is received: text frames that are masked, not fragmented
 * and shorter than 64 KiB. With the first frame that is anything else, all that came in the same read goes to the
 * library untouched, so it is still the library that knows RFC 6455 and what breaks it. (It spends more time on a
 * frame than we do on an answer to an event.)
 */
export class TextFrames {
  readonly #parts: TextFramesParts;
  /** A frame that is not whole yet. */
  #rest: Buffer = NOTHING;
  /** Bytes still to come of a frame that is passed on. */
  #owed = 0;
  /** Whether a fragmented message is under way. */
  #isFragmented = false;
  /** Nothing counts any more but the rest of a close frame. */
  #isClosed = false;

  constructor(parts: TextFramesParts) {
    this.#parts = parts;
  }

  /** Nothing is taken any more. */
  close(): void {
    this.#isClosed = true;
    this.#owed = 0;
  }

  take(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = NOTHING;
    let at = Math.min(this.#owed, bytes.length);
    this.#owed -= at;
    let foreign = at > 0 ? 0 : undefined;
    while (at < bytes.length && !this.#isClosed) {
      const length = frameLength(bytes, at);
      if (length === undefined || this.#isWaitedFor(bytes, at, length)) break;
      const text = foreign === undefined ? this.#text(bytes, at, length) : undefined;
      if (text === undefined) {
        foreign ??= at;
        at += this.#leave(bytes, at, length);
      } else {
        at += length;
        this.#parts.deliver(text, length);
      }
    }
    if (foreign !== undefined) this.#parts.pass(bytes.subarray(foreign, at));
    if (at < bytes.length && !this.#isClosed) this.#rest = Buffer.from(bytes.subarray(at));
  }

  /** The text of a frame of the usual kind; undefined when it is the library's. */
  #text(bytes: Buffer, at: number, length: number): string | undefined {
    const isOurs = this.#isUsual(bytes, at) && at + length <= bytes.length;
    return isOurs ? takeText(bytes, at, length) : undefined;
  }

  #isWaitedFor(bytes: Buffer, at: number, length: number): boolean {
    return at + length > bytes.length && length <= WAITED_FOR && this.#isUsual(bytes, at);
  }

  #isUsual(bytes: Buffer, at: number): boolean {
    const second = bytes[at + 1] as number;
    return (
      bytes[at] === (FIN | TEXT) &&
      (second & MASKED) !== 0 &&
      (second & LENGTH) !== LENGTH_64 &&
      !this.#isFragmented &&
      payloadLength(bytes, at) <= this.#parts.frame_bytes
    );
  }

  /** Leaves a frame to the library; how much of it is there. */
  #leave(bytes: Buffer, at: number, length: number): number {
    const first = bytes[at] as number;
    const opcode = first & OPCODE;
    if (opcode === TEXT || opcode === BINARY || opcode === CONTINUATION) {
      this.#isFragmented = (first & FIN) === 0;
    }
    const there = Math.min(length, bytes.length - at);
    this.#owed = length - there;
    if (opcode === CLOSE) this.#isClosed = true;
    return there;
  }
}

/** Of the whole frame; undefined while its header is not whole. */
function frameLength(bytes: Buffer, at: number): number | undefined {
  const second = bytes[at + 1];
  if (second === undefined || at + headerLength(second) > bytes.length) return undefined;
  return headerLength(second) + payloadLength(bytes, at);
}

function headerLength(second: number): number {
  const short = second & LENGTH;
  const extended = short < LENGTH_16 ? 0 : short === LENGTH_16 ? 2 : 8;
  return 2 + extended + ((second & MASKED) === 0 ? 0 : MASK_BYTES);
}

function payloadLength(bytes: Buffer, at: number): number {
  const short = (bytes[at + 1] as number) & LENGTH;
  if (short < LENGTH_16) return short;
  return short === LENGTH_16 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
}

/** The text of a masked frame; undefined, and the frame as it was, when it is not UTF-8. */
function takeText(bytes: Buffer, at: number, length: number): string | undefined {
  const start = at + headerLength(bytes[at + 1] as number);
  const end = at + length;
  const seen = unmask(bytes, start, end);
  if (seen < 0x80) return bytes.toString("latin1", start, end);
  if (isUtf8(bytes.subarray(start, end))) return bytes.toString("utf8", start, end);
  unmask(bytes, start, end);
  return undefined;
}

/** Applies the mask in front of `start`; gives back the union of all bits of the result. */
function unmask(bytes: Buffer, start: number, end: number): number {
  let seen = 0;
  for (let i = start; i < end; i++) {
    const byte = (bytes[i] as number) ^ (bytes[start - MASK_BYTES + ((i - start) & 3)] as number);
    bytes[i] = byte;
    seen |= byte;
  }
  return seen;
}
