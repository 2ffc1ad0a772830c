import type { Frames } from "./transport.ts";

/** FIN and text (RFC 6455 §5.2). */
const TEXT = 0x81;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

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

/** Texts as WebSocket frames in a row; what is framed already stays as it is. */
export function encoded(parts: readonly (string | Uint8Array)[]): Buffer {
  const lengths = parts.map((part) => (typeof part === "string" ? Buffer.byteLength(part) : part.length));
  const total = parts.reduce((sum, part, i) => {
    const length = lengths[i] as number;
    return sum + (typeof part === "string" ? frameBytes(length) : length);
  }, 0);
  const bytes = Buffer.allocUnsafe(total);
  let at = 0;
  parts.forEach((part, i) => {
    const length = lengths[i] as number;
    if (typeof part === "string") {
      at = writeHeader(bytes, at, length);
      bytes.write(part, at, length);
    } else bytes.set(part, at);
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
