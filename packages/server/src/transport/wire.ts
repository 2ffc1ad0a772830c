import type { Frames } from "./transport.ts";

/** FIN and text (RFC 6455 §5.2). */
const TEXT = 0x81;
/** In place of a length that needs 16 or 64 bits of its own. */
export const LENGTH_16 = 126;
export const LENGTH_64 = 127;

/** Bytes of an unmasked text frame with a payload of so many. */
export function frameBytes(length: number): number {
  return headerBytes(length) + length;
}

function headerBytes(length: number): number {
  return length < LENGTH_16 ? 2 : length < 65_536 ? 4 : 10;
}

/** The frames as they go to the socket; made once, however many connections they go to. */
export function wireOf(frames: Frames): Uint8Array {
  frames.wire ??= encoded(frames.texts);
  return frames.wire;
}

/** The pieces to write: texts in a row become one, what is ready for the wire stays as it is, since others share it. */
export function piecesOf(parts: readonly (string | Uint8Array)[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let texts: string[] = [];
  for (const part of parts) {
    if (typeof part === "string") {
      texts.push(part);
      continue;
    }
    if (texts.length > 0) pieces.push(encoded(texts));
    texts = [];
    pieces.push(part);
  }
  if (texts.length > 0) pieces.push(encoded(texts));
  return pieces;
}

/**
 * Texts as WebSocket frames in a row. Not out of Node's pool: what a client does not read would keep the whole piece of
 * the pool from which it was cut, and with it what others have read long ago.
 */
function encoded(texts: readonly string[]): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const bytes = Buffer.allocUnsafeSlow(lengths.reduce((sum, length) => sum + frameBytes(length), 0));
  let at = 0;
  texts.forEach((text, i) => {
    const length = lengths[i] as number;
    at = writeHeader(bytes, at, length);
    bytes.write(text, at, length);
    at += length;
  });
  return bytes;
}

function writeHeader(bytes: Buffer, at: number, length: number): number {
  bytes[at] = TEXT;
  if (length < LENGTH_16) {
    bytes[at + 1] = length;
    return at + 2;
  }
  if (length < 65_536) {
    bytes[at + 1] = LENGTH_16;
    return bytes.writeUInt16BE(length, at + 2);
  }
  bytes[at + 1] = LENGTH_64;
  return bytes.writeBigUInt64BE(BigInt(length), at + 2);
}
