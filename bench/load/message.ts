import { maskedFrame, TEXT, writeDigits } from "./frames.ts";

/** Where a message says when it was sent: microseconds since 1970, 16 digits until the year 2286. */
const TIME_MARK = "1000000000000000";
/** Numbers of sends begin here: always ten digits. */
export const FIRST_SEND = 7_000_000_000;

const SENT = Buffer.from('"sent":');
const FILL = "x".repeat(65);

/** A message of 100 bytes. */
export const MESSAGE = `{"sent":${TIME_MARK},"text":"${FILL}"}`;

export function nowMicros(): number {
  return Math.floor((performance.timeOrigin + performance.now()) * 1000);
}

/** When the message in these bytes was sent. */
export function sentAt(bytes: Buffer, start: number): number {
  const at = bytes.indexOf(SENT, start) + SENT.length;
  return Number(bytes.toString("latin1", at, at + TIME_MARK.length));
}

/** The frame of a send, made once: each time only the time and the number of the send are new. */
export class SendFrame {
  readonly #bytes: Buffer;
  readonly #timeEnd: number;
  readonly #numberEnd: number;

  /** @param text holds MESSAGE, and FIRST_SEND where the number stands, if it has one. */
  constructor(text: string, opcode = TEXT) {
    this.#bytes = maskedFrame(text, opcode);
    this.#timeEnd = this.#bytes.indexOf(TIME_MARK) + TIME_MARK.length;
    const number = String(FIRST_SEND);
    this.#numberEnd = this.#bytes.indexOf(number) + number.length;
  }

  /** The same bytes each time. */
  next(): Buffer {
    writeDigits(this.#bytes, this.#timeEnd, nowMicros());
    return this.#bytes;
  }

  /** With the number of the send. */
  numbered(number: number): Buffer {
    writeDigits(this.#bytes, this.#numberEnd, number);
    return this.next();
  }
}
