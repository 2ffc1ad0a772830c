import * as fc from "fast-check";

/** What stands in a frame; everything may be wrong. */
interface FrameParts {
  /** FIN, reserved bits and opcode. */
  readonly first: number;
  readonly payload: Buffer;
  readonly mask?: Buffer | undefined;
  /** The length that is claimed. */
  readonly length?: number | bigint | undefined;
  /** In how many bytes it is written. */
  readonly size?: 0 | 2 | 8 | undefined;
}

const MASKED = 0x80;
const ZEROS = Buffer.alloc(4);

export function frameBytes({ first, payload, mask, length = payload.length, size }: FrameParts): Buffer {
  const isMasked = mask !== undefined;
  const bytes = size ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8);
  const head = Buffer.alloc(2 + bytes);
  head[0] = first;
  head[1] = (isMasked ? MASKED : 0) | (bytes === 0 ? Number(length) & 0x7f : bytes === 2 ? 126 : 127);
  if (bytes === 2) head.writeUInt16BE(Number(length) & 0xffff, 2);
  if (bytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  const data = payload.map((byte, i) => byte ^ (mask?.[i % 4] ?? 0));
  return Buffer.concat([head, mask ?? Buffer.alloc(0), data]);
}

/** A frame as a well-behaved client sends it. */
export function goodFrame(first: number, payload: Uint8Array | string): Buffer {
  return frameBytes({ first, payload: Buffer.from(payload), mask: ZEROS });
}

const requestText = fc.oneof(
  fc.nat({ max: 99 }).map((tid) => `{"class":"core","cmd":"ping","tid":${tid}}`),
  fc.constant('{"class":"media","subclass":"room","cmd":"get_list","tid":"l"}'),
  fc
    .string({ unit: "grapheme", maxLength: 200 })
    .map((x) => `{"class":"a","cmd":"b","data":{"x":${JSON.stringify(x)}},"tid":[1]}`),
  fc
    .integer({ min: 100, max: 70_000 })
    .map((length) => `{"class":"a","cmd":"b","x":"${"x".repeat(length)}","tid":0}`),
  fc.constantFrom(
    '{"result":"ok","tid":7}',
    '{"ack":1}',
    '{"tid":3}',
    '{"class":1,"cmd":2,"tid":4}',
    "[]",
    "{",
    '{"class":"a"}',
    "",
  ),
);

const mask = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes));
const payload = fc.oneof(
  { weight: 4, arbitrary: requestText.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 130 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("ff", "c080", "eda080", "f4908080", "e282", "00", "03e8", "03ed", "0bb8")
      .map((hex) => Buffer.from(hex, "hex")),
  },
);

const text = fc.record({
  first: fc.constant(0x81),
  payload: requestText.map((text) => Buffer.from(text)),
  mask,
});
const control = fc.record({
  first: fc.constantFrom(0x89, 0x8a),
  payload: fc.uint8Array({ maxLength: 125 }).map((bytes) => Buffer.from(bytes)),
  mask,
});
const close = fc.record({
  first: fc.constant(0x88),
  payload: fc
    .constantFrom("", "03e8", "03ea6279", "1388", "03ed", "ffff", "03", "03e8ff")
    .map((hex) => Buffer.from(hex, "hex")),
  mask,
});
/** One message in pieces, now and then with a ping between them. */
const fragmented = fc
  .tuple(requestText, fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 80 }), fc.boolean())
  .map(([text, sizes, isPinged]) => {
    const bytes = Buffer.from(text);
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
    const pieces = sizes.map((size, i) => bytes.subarray(starts[i], (starts[i] ?? 0) + size));
    const frames = [...pieces, bytes.subarray((starts.at(-1) ?? 0) + (sizes.at(-1) ?? 0))].map((piece, i) =>
      goodFrame((i === 0 ? 1 : 0) | (i === sizes.length ? 0x80 : 0), piece),
    );
    if (isPinged) frames.splice(1, 0, goodFrame(0x89, "p"));
    return Buffer.concat(frames);
  });
const odd = fc.record({
  first: fc.nat({ max: 255 }),
  payload,
  mask: fc.option(mask, { nil: undefined, freq: 8 }),
  length: fc.option(
    fc.constantFrom<number | bigint>(
      0,
      1,
      125,
      126,
      65_535,
      65_536,
      1_048_576,
      1_048_577,
      2n ** 31n,
      2n ** 53n,
      2n ** 63n,
      2n ** 64n - 1n,
    ),
    { nil: undefined, freq: 3 },
  ),
  size: fc.option(fc.constantFrom<0 | 2 | 8>(0, 2, 8), { nil: undefined, freq: 3 }),
});

const frame = fc.oneof(
  { weight: 8, arbitrary: text.map(frameBytes) },
  { weight: 2, arbitrary: control.map(frameBytes) },
  { weight: 2, arbitrary: fragmented },
  { weight: 1, arbitrary: close.map(frameBytes) },
  { weight: 1, arbitrary: odd.map(frameBytes) },
);

/** Something done to the bytes of a whole stream. */
const change = fc.record({
  kind: fc.constantFrom<"flip" | "cut" | "insert" | "repeat">("flip", "cut", "insert", "repeat"),
  at: fc.nat({ max: 1_000_000 }),
  bit: fc.nat({ max: 7 }),
  length: fc.integer({ min: 1, max: 12 }),
});

function changed(
  bytes: Buffer,
  { kind, at, bit, length }: typeof change extends fc.Arbitrary<infer C> ? C : never,
): Buffer {
  // Most of a stream are headers only if one aims at where frames begin.
  const i = at % Math.max(1, at % 2 === 0 ? bytes.length : Math.min(bytes.length, 300));
  const part = bytes.subarray(i, i + length);
  switch (kind) {
    case "flip":
      return Buffer.from(bytes.map((byte, n) => (n === i ? byte ^ (1 << bit) : byte)));
    case "cut":
      return Buffer.concat([bytes.subarray(0, i), bytes.subarray(i + length)]);
    case "insert":
      return Buffer.concat([bytes.subarray(0, i), Buffer.alloc(length, at & 0xff), bytes.subarray(i)]);
    case "repeat":
      return Buffer.concat([bytes.subarray(0, i), part, part, bytes.subarray(i + length)]);
  }
}

/** Frames in a row, and what can happen to them on their way. */
export const stream = fc
  .tuple(
    fc.array(frame, { minLength: 1, maxLength: 8 }),
    fc.oneof(fc.constant([]), fc.array(change, { minLength: 1, maxLength: 3 })),
    fc.option(fc.nat(), { freq: 3 }),
  )
  .map(([frames, changes, cut]) => {
    const bytes = changes.reduce(changed, Buffer.concat(frames));
    return cut === null ? bytes : bytes.subarray(0, cut % (bytes.length + 1));
  });
