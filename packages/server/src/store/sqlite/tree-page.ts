/**
 * Pages of SQLite's file, as far as `scrub` looks into them: the ones that hold rows of `messages`, leaves of a table
 * b-tree (https://www.sqlite.org/fileformat2.html, "B-tree Pages").
 */

const LEAF = 0x0d;
const HEADER_BYTES = 8;

/** The first columns of a message: the key, which stands before the row and is empty in it, a number, two texts. */
const FIRST_TYPES = [isNothing, isNumber, isText, isText];

/** Fewer unused bytes than that hold no words. */
const LEAST = 8;

export interface Cell {
  readonly message_key: bigint;
  /** Bytes of it in this page. */
  readonly local: number;
}

/** A page whose unused middle is not empty. */
export interface Leftover {
  /** Bytes of the page that nothing uses. */
  readonly free: number;
  readonly cells: readonly Cell[];
}

/** Undefined when the page is none with messages, or has nothing left over. */
export function leftoverIn(page: Buffer): Leftover | undefined {
  if (page[0] !== LEAF) return undefined;
  const count = page.readUInt16BE(3);
  const low = HEADER_BYTES + 2 * count;
  const high = page.readUInt16BE(5);
  if (count === 0 || high < low + LEAST || high > page.length || isEmpty(page.subarray(low, high)))
    return undefined;
  const cells = Array.from({ length: count }, (_, i) =>
    cellAt(page, page.readUInt16BE(HEADER_BYTES + 2 * i)),
  );
  if (!cells.every((cell) => cell !== undefined)) return undefined;
  return { free: high - low + freeBlocks(page) + (page[7] as number), cells };
}

function isEmpty(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Bytes of the free blocks between cells, a list through the page. */
function freeBlocks(page: Buffer): number {
  let sum = 0;
  for (let at = page.readUInt16BE(1); at > 0 && at < page.length - 4; at = page.readUInt16BE(at))
    sum += page.readUInt16BE(at + 2);
  return sum;
}

/** Undefined when it is no message. */
function cellAt(page: Buffer, at: number): Cell | undefined {
  const payload = varint(page, at);
  const key = varint(page, payload.end);
  const header = varint(page, key.end);
  let next = header.end;
  for (const isOf of FIRST_TYPES) {
    const type = varint(page, next);
    if (type.end > key.end + Number(header.value) || !isOf(Number(type.value))) return undefined;
    next = type.end;
  }
  return { message_key: key.value, local: localOf(Number(payload.value), page.length) };
}

function isNothing(type: number): boolean {
  return type === 0;
}

function isNumber(type: number): boolean {
  return type >= 1 && type <= 9;
}

function isText(type: number): boolean {
  return type >= 13 && type % 2 === 1;
}

/** How much of a payload is in its page; the rest is in pages of its own. */
function localOf(payload: number, size: number): number {
  const most = mostLocal(size);
  if (payload <= most) return payload;
  const least = Math.floor(((size - 12) * 32) / 255) - 23;
  const local = least + ((payload - least) % (size - 4));
  return local <= most ? local : least;
}

export function mostLocal(size: number): number {
  return size - 35;
}

interface Read {
  readonly value: bigint;
  readonly end: number;
}

function varint(page: Buffer, at: number): Read {
  let value = 0n;
  for (let i = 0; i < 8; i++) {
    const byte = page[at + i] ?? 0;
    value = (value << 7n) | BigInt(byte & 0x7f);
    if (byte < 0x80) return { value, end: at + i + 1 };
  }
  return { value: (value << 8n) | BigInt(page[at + 8] ?? 0), end: at + 9 };
}
