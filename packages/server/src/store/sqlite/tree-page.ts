/**
 * Pages of SQLite's file, as far as `scrub` looks into them: the ones that hold rows of `messages`, a table WITHOUT ROWID and
 * so an index b-tree (https://www.sqlite.org/fileformat2.html, "B-tree Pages").
 */

const INTERIOR = 0x02;
const LEAF = 0x0a;

/** Columns of a message in the order in which they are stored: numbers, then texts. */
const NUMBERS = 3;
const TEXTS = 3;

/** Fewer unused bytes than that hold no words. */
const LEAST = 8;

export interface Cell {
  readonly room_key: number;
  readonly msg_id: number;
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
  const kind = page[0];
  if (kind !== LEAF && kind !== INTERIOR) return undefined;
  const [header, pointer] = kind === LEAF ? [8, 0] : [12, 4];
  const count = page.readUInt16BE(3);
  const low = header + 2 * count;
  const high = page.readUInt16BE(5);
  if (count === 0 || high < low + LEAST || high > page.length || isEmpty(page.subarray(low, high)))
    return undefined;
  const cells = Array.from({ length: count }, (_, i) =>
    cellAt(page, page.readUInt16BE(header + 2 * i) + pointer),
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
  const header = varint(page, payload.end);
  const types: number[] = [];
  for (let next = header.end; types.length < NUMBERS + TEXTS && next < payload.end + header.value; ) {
    const type = varint(page, next);
    types.push(type.value);
    next = type.end;
  }
  const isMessage =
    types.length === NUMBERS + TEXTS &&
    types.every((type, i) => (i < NUMBERS ? type >= 1 && type <= 9 : type >= 13 && type % 2 === 1));
  if (!isMessage) return undefined;
  const room_key = integer(page, payload.end + header.value, types[0] as number);
  const msg_id = integer(page, room_key.end, types[1] as number);
  return { room_key: room_key.value, msg_id: msg_id.value, local: localOf(payload.value, page.length) };
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
  return Math.floor(((size - 12) * 64) / 255) - 23;
}

interface Read {
  readonly value: number;
  readonly end: number;
}

function varint(page: Buffer, at: number): Read {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = page[at + i] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: at + i + 1 };
  }
  return { value: value * 256 + (page[at + 8] ?? 0), end: at + 9 };
}

/** Bytes of an integer, by its type. */
const WIDTHS = [0, 1, 2, 3, 4, 6, 8, 0, 0, 0];

function integer(page: Buffer, at: number, type: number): Read {
  const width = WIDTHS[type] as number;
  const end = at + width;
  if (width === 0) return { value: type === 9 ? 1 : 0, end };
  if (end > page.length) return { value: 0, end };
  return { value: width === 8 ? Number(page.readBigInt64BE(at)) : page.readIntBE(at, width), end };
}
