/** What a byte stream of a client says by RFC 6455, read without haste: the judge of what the server makes of it. */
export type Said =
  | { readonly kind: "text"; readonly text: string }
  /** The client closes; 1005 when it gives no code. */
  | { readonly kind: "close"; readonly code: number }
  /** The connection has to end, with this code. */
  | { readonly kind: "broken"; readonly code: number }
  /** The stream ends within a frame or a message. */
  | { readonly kind: "unfinished" };

export interface Limits {
  readonly frame_bytes: number;
  readonly fragments: number;
}

interface Header {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly length: number;
  /** The length as it stands in the second byte: 126 and 127 say that more bytes have it. */
  readonly short: number;
  /** Where the payload begins. */
  readonly payload: number;
}

const CONTROL = 8;
const CLOSE = 8;
const PONG = 10;
const MAX_CONTROL_BYTES = 125;

/** All that is said, up to the first thing that ends the connection. */
export function said(bytes: Buffer, { frame_bytes, fragments }: Limits): Said[] {
  const result: Said[] = [];
  let message: { readonly opcode: number; readonly parts: Buffer[]; length: number } | undefined;
  for (let at = 0; at < bytes.length; ) {
    const header = headerAt(bytes, at);
    if (!header) return [...result, { kind: "unfinished" }];
    const { fin, opcode, masked, length, payload } = header;
    if (isAgainstTheRules(header, message !== undefined)) return [...result, broken(1002)];
    const isData = opcode < CONTROL;
    const started = isData ? (message ?? { opcode, parts: [], length: 0 }) : undefined;
    if (length + (started?.length ?? 0) > frame_bytes) return [...result, broken(1009)];
    if (!masked || payload + length > bytes.length) return [...result, { kind: "unfinished" }];
    const data = unmasked(bytes, payload, length);
    at = payload + length;
    if (!started) {
      const end = opcode === CLOSE ? closing(data) : undefined;
      if (end) return [...result, end];
      continue;
    }
    message = started;
    message.parts.push(data);
    message.length += length;
    if (message.parts.length > fragments) return [...result, broken(1008)];
    if (!fin) continue;
    const whole = Buffer.concat(message.parts);
    if (message.opcode === 2) return [...result, broken(1003)];
    const text = textOf(whole);
    if (text === undefined) return [...result, broken(1007)];
    result.push({ kind: "text", text });
    message = undefined;
  }
  return message ? [...result, { kind: "unfinished" }] : result;
}

function broken(code: number): Said {
  return { kind: "broken", code };
}

function headerAt(bytes: Buffer, at: number): Header | undefined {
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1];
  if (second === undefined) return undefined;
  const masked = second >= 0x80;
  const short = second & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const payload = at + 2 + extended + (masked ? 4 : 0);
  if (payload > bytes.length) return undefined;
  const length =
    extended === 0
      ? short
      : extended === 2
        ? bytes.readUInt16BE(at + 2)
        : Number(bytes.readBigUInt64BE(at + 2));
  return { fin: first >= 0x80, rsv: first & 0x70, opcode: first & 0x0f, masked, length, short, payload };
}

/** §5.2, §5.4, §5.5: bits, opcodes, masks, order of fragments, size of control frames. */
function isAgainstTheRules(
  { fin, rsv, opcode, masked, length, short }: Header,
  isFragmented: boolean,
): boolean {
  if (rsv !== 0 || !masked) return true;
  if (opcode >= CONTROL)
    return opcode > PONG || !fin || short > MAX_CONTROL_BYTES || (opcode === CLOSE && length === 1);
  return opcode > 2 || isFragmented !== (opcode === 0);
}

function unmasked(bytes: Buffer, payload: number, length: number): Buffer {
  const mask = bytes.subarray(payload - 4, payload);
  return Buffer.from(bytes.subarray(payload, payload + length).map((byte, i) => byte ^ (mask[i % 4] ?? 0)));
}

/** §5.5.1, §7.4 */
function closing(data: Buffer): Said {
  if (data.length === 0) return { kind: "close", code: 1005 };
  const code = data.readUInt16BE(0);
  const isDefined = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  if (!isDefined && !(code >= 3000 && code <= 4999)) return broken(1002);
  return textOf(data.subarray(2)) === undefined ? broken(1007) : { kind: "close", code };
}

function textOf(data: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}
