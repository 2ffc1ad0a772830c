import { frameBytes, goodFrame } from "../fuzzers/frame-bytes.ts";

/** Frames that no client sends, and with which code the connection ends (T3). */
export interface BadFrame {
  readonly what: string;
  readonly bytes: Buffer;
  readonly code: number;
}

const TEXT = 0x81;
const request = Buffer.from('{"class":"core","cmd":"ping","tid":1}');
const mask = Buffer.from([1, 2, 3, 4]);
const bad = (what: string, code: number, ...bytes: readonly Buffer[]): BadFrame => ({
  what,
  code,
  bytes: Buffer.concat(bytes),
});
const pieces = (count: number, piece: string) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => goodFrame(i === 0 ? 1 : 0, piece)));

export const badFrames: readonly BadFrame[] = [
  bad("no mask", 1002, frameBytes({ first: TEXT, payload: request })),
  bad("no mask on a ping", 1002, frameBytes({ first: 0x89, payload: Buffer.from("p") })),
  bad("RSV1", 1002, goodFrame(0xc1, request)),
  bad("RSV2", 1002, goodFrame(0xa1, request)),
  bad("RSV3", 1002, goodFrame(0x91, request)),
  bad("RSV1 on a ping", 1002, goodFrame(0xc9, "p")),
  ...[3, 4, 5, 6, 7].map((opcode) => bad(`opcode ${opcode}`, 1002, goodFrame(0x80 | opcode, request))),
  ...[11, 12, 13, 14, 15].map((opcode) => bad(`opcode ${opcode}`, 1002, goodFrame(0x80 | opcode, "p"))),
  bad("a ping of 126 bytes", 1002, goodFrame(0x89, "p".repeat(126))),
  bad("a pong of 126 bytes", 1002, goodFrame(0x8a, "p".repeat(126))),
  bad("a close of 126 bytes", 1002, goodFrame(0x88, "p".repeat(126))),
  bad(
    "a close with a length of two bytes",
    1002,
    frameBytes({ first: 0x88, payload: Buffer.alloc(0), mask, size: 2 }),
  ),
  bad("a ping in fragments", 1002, goodFrame(0x09, "p")),
  bad("a close in fragments", 1002, goodFrame(0x08, "")),
  bad("a lone continuation", 1002, goodFrame(0x80, request)),
  bad("a lone first continuation", 1002, goodFrame(0x00, request)),
  bad("a text within a message", 1002, goodFrame(0x01, "{"), goodFrame(TEXT, request)),
  bad("a binary frame within a message", 1002, goodFrame(0x01, "{"), goodFrame(0x82, "}")),
  bad("a close of one byte", 1002, goodFrame(0x88, Buffer.from([3]))),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535].map((code) =>
    bad(`a close with the code ${code}`, 1002, goodFrame(0x88, Buffer.from([code >> 8, code & 255]))),
  ),
  bad("a close with a reason that is not UTF-8", 1007, goodFrame(0x88, Buffer.from("03e8ff", "hex"))),
  ...["ff", "fffe", "c080", "c1bf", "eda080", "edbfbf", "f4908080", "f8888080", "e282", "80"].map((hex) =>
    bad(`the bytes ${hex}`, 1007, frameBytes({ first: TEXT, payload: Buffer.from(hex, "hex"), mask })),
  ),
  bad(
    "a character cut off by the end",
    1007,
    goodFrame(0x01, Buffer.from([0xe2, 0x82])),
    goodFrame(0x80, ""),
  ),
  bad("a binary frame", 1003, goodFrame(0x82, request)),
  bad("an empty binary frame", 1003, goodFrame(0x82, "")),
  bad("a binary frame in fragments", 1003, goodFrame(0x02, "a"), goodFrame(0x80, "b")),
  bad(
    "a byte too much",
    1009,
    frameBytes({ first: TEXT, payload: Buffer.alloc(0), mask, length: 1_048_577 }),
  ),
  bad("2^40 bytes", 1009, frameBytes({ first: TEXT, payload: Buffer.alloc(0), mask, length: 2n ** 40n })),
  bad("2^63 bytes", 1009, frameBytes({ first: TEXT, payload: Buffer.alloc(0), mask, length: 2n ** 63n })),
  bad(
    "2^64 - 1 bytes",
    1009,
    frameBytes({ first: TEXT, payload: Buffer.alloc(0), mask, length: 2n ** 64n - 1n }),
  ),
  bad("a byte too much in fragments", 1009, pieces(2, "x".repeat(524_289))),
  bad("65 fragments", 1008, pieces(65, "x")),
  bad("20,000 empty fragments", 1008, pieces(20_000, "")),
  bad("no JSON", 4500, goodFrame(TEXT, "{")),
  bad("an empty text", 4500, goodFrame(TEXT, "")),
  bad("a byte order mark", 4500, goodFrame(TEXT, `\ufeff${request}`)),
  bad("a list", 4500, goodFrame(TEXT, "[]")),
  bad("nothing that can be answered", 4500, goodFrame(TEXT, '{"class":"core","cmd":"ping"}')),
];
