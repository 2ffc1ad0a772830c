export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

const FIN = 0x80;
const MASKED = 0x80;
const ZERO = 48;

/** A frame of a client, whole. The mask is zero: nothing has to be changed, here or there. */
export function maskedFrame(payload: Buffer | string, opcode = TEXT): Buffer {
  const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
  const { length } = bytes;
  const size = length < 126 ? [MASKED | length] : [MASKED | 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([FIN | opcode, ...size, 0, 0, 0, 0]), bytes]);
}

/** Writes a positive integer so that its last digit stands before `end`, as many digits as it has. */
export function writeDigits(bytes: Buffer, end: number, value: number): void {
  let rest = value;
  for (let at = end - 1; rest >= 1; at--) {
    const next = Math.floor(rest / 10);
    bytes[at] = ZERO + (rest - next * 10);
    rest = next;
  }
}

/** Where the digits of a positive integer begin whose last one stands before `end`. */
export function digitsBefore(bytes: Buffer, end: number): number {
  let at = end;
  while (isDigit(bytes[at - 1])) at--;
  return at;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte < ZERO + 10;
}
