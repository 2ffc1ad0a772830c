/**
 * SHA-256 (FIPS 180-4) at once: what a browser brings gives only promises, and only to pages that came by https.
 */

const SIZE = 64;

/** The first 32 bits of the fractional parts of a root of the first primes. */
function constants(count: number, root: number): Uint32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return Uint32Array.from(primes, (prime) => (prime ** (1 / root) % 1) * 2 ** 32);
}

const START = constants(8, 2);
const ROUNDS = constants(SIZE, 3);
const encoder = new TextEncoder();

/** Of the UTF-8 bytes of a text, in hex. */
export function sha256(text: string): string {
  const bytes = padded(encoder.encode(text));
  const state = Uint32Array.from(START);
  const words = new Uint32Array(SIZE);
  for (let at = 0; at < bytes.byteLength; at += SIZE)
    block(state, words, new DataView(bytes.buffer, at, SIZE));
  return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");
}

/** With a one behind them, zeros, and how many bits they are. */
function padded(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(Math.ceil((bytes.length + 9) / SIZE) * SIZE);
  all.set(bytes);
  all[bytes.length] = 0x80;
  const view = new DataView(all.buffer);
  view.setUint32(all.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(all.length - 4, bytes.length << 3);
  return all;
}

function block(state: Uint32Array, w: Uint32Array, data: DataView): void {
  for (let i = 0; i < 16; i++) w[i] = data.getUint32(i * 4);
  for (let i = 16; i < SIZE; i++) {
    const [early, late] = [w[i - 15] as number, w[i - 2] as number];
    const first = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
    const second = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
    w[i] = (w[i - 16] as number) + first + (w[i - 7] as number) + second;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let i = 0; i < SIZE; i++) {
    const low = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const added = (h + low + ((e & f) ^ (~e & g)) + (ROUNDS[i] as number) + (w[i] as number)) | 0;
    const high = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const more = (high + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + added) | 0, c, b, a, (added + more) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => {
    state[i] = (state[i] as number) + value;
  });
}

function turned(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
