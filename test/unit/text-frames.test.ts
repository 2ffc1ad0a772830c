import { createRequire } from "node:module";
import { setImmediate } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { TextFrames } from "../../packages/server/src/transport/text-frames.ts";

/** The library of the server, which is no dependency of the tests. */
const { Receiver } = createRequire(new URL("../../packages/server/package.json", import.meta.url))("ws");

const FRAME_BYTES = 2000;

interface Frame {
  readonly fin: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  readonly mask: Buffer;
}

const mask = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes));
const length = fc.oneof(fc.nat(20), fc.constantFrom(125, 126, 127, 500), fc.constant(70_000));
const text = fc
  .tuple(fc.string({ unit: fc.constantFrom("a", "é", "\u{1f600}", '"'), maxLength: 20 }), length)
  .map(([some, more]) => Buffer.from(some + "x".repeat(more)));
const control = fc.string({ maxLength: 10 }).map((some) => Buffer.from(some).subarray(0, 100));
const frame = (fin: boolean, opcode: number, payload: fc.Arbitrary<Buffer>): fc.Arbitrary<Frame> =>
  fc.record({ fin: fc.constant(fin), opcode: fc.constant(opcode), payload, mask });
const whole = frame(true, 1, text);
const ping = frame(true, 9, control);
/** A message in parts, with a ping between them. */
const inParts = fc
  .tuple(frame(false, 1, text), frame(false, 0, text), ping, frame(true, 0, text))
  .map((parts) => parts.map((part) => ({ ...part, payload: Buffer.from("part") })));
const wrong = fc.oneof(
  frame(true, 1, fc.constant(Buffer.from([0x61, 0xff]))),
  frame(true, 3, text),
  frame(true, 0, text),
  frame(true, 8, fc.constant(Buffer.alloc(0))),
  frame(true, 2, text),
);
const one = <T>(arbitrary: fc.Arbitrary<T>) => arbitrary.map((value) => [value]);
const frames = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: one(whole) },
      { weight: 1, arbitrary: inParts },
      { weight: 1, arbitrary: one(ping) },
      { weight: 1, arbitrary: one(wrong) },
    ),
    { maxLength: 12 },
  )
  .map((lists) => lists.flat());

test("[T2] what is received past ws is what ws receives, however the bytes are cut", async () => {
  await fc.assert(
    fc.asyncProperty(frames, fc.infiniteStream(fc.integer({ min: 1, max: 300 })), async (sent, sizes) => {
      const chunks = cut(Buffer.concat(sent.map(written)), sizes);
      const library = await heard(
        chunks.map((chunk) => Buffer.from(chunk)),
        false,
      );
      expect(await heard(chunks, true)).toEqual(library);
    }),
    { numRuns: 200 },
  );
});

test("[F6] nearly all frames come past ws: masked, whole and short ones", () => {
  const sent = ["{}", "é".repeat(300)].map((some) => ({
    fin: true,
    opcode: 1,
    payload: Buffer.from(some),
    mask: Buffer.from([1, 2, 3, 4]),
  }));
  const passed: Buffer[] = [];
  const texts: string[] = [];
  const lane = new TextFrames({
    frame_bytes: FRAME_BYTES,
    deliver: (some) => texts.push(some),
    pass: (bytes) => passed.push(bytes),
  });
  lane.take(Buffer.concat(sent.map(written)));
  expect(texts).toEqual(["{}", "é".repeat(300)]);
  expect(passed).toEqual([]);
});

/** What a server hears of these bytes, by ws alone or with the way past it. */
async function heard(chunks: readonly Buffer[], isShort: boolean): Promise<string[]> {
  const events: string[] = [];
  const receiver = new Receiver({ isServer: true, maxPayload: FRAME_BYTES });
  receiver.on("message", (data: Buffer, isBinary: boolean) =>
    events.push(`${isBinary ? "binary" : "text"} ${data}`),
  );
  receiver.on("ping", (data: Buffer) => events.push(`ping ${data}`));
  // As ws does: behind a close frame, or when its protocol was broken, nothing counts.
  let isOver = false;
  const lane = new TextFrames({
    frame_bytes: FRAME_BYTES,
    deliver: (some) => events.push(`text ${some}`),
    pass: (bytes) => receiver.write(bytes),
  });
  const end = (event: string) => {
    events.push(event);
    isOver = true;
    lane.close();
  };
  receiver.on("conclude", () => end("close"));
  receiver.on("error", () => end("error"));
  for (const chunk of chunks) {
    if (isOver) break;
    if (isShort) lane.take(chunk);
    else receiver.write(chunk);
    await setImmediate();
  }
  return events;
}

function cut(bytes: Buffer, sizes: Iterable<number>): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    if (at >= bytes.length) break;
    // Some reads bring a lot.
    const end = at + (size % 3 === 0 ? size * 300 : size);
    chunks.push(Buffer.from(bytes.subarray(at, end)));
    at = end;
  }
  return chunks;
}

function written({ fin, opcode, payload, mask }: Frame): Buffer {
  const { length } = payload;
  const head = [(fin ? 0x80 : 0) | opcode];
  const size = Buffer.alloc(8);
  if (length < 126) head.push(0x80 | length);
  else if (length < 65_536) head.push(0x80 | 126, length >> 8, length & 0xff);
  else {
    size.writeBigUInt64BE(BigInt(length));
    head.push(0x80 | 127, ...size);
  }
  return Buffer.concat([Buffer.from(head), mask, payload.map((byte, i) => byte ^ (mask[i & 3] as number))]);
}
