import { setImmediate as turn } from "node:timers/promises";
import { classify, type Inbound } from "@roomlog/protocol";
import * as fc from "fast-check";
import { within } from "../../fault/frame/within.ts";
import { badFrames } from "../corpus/bad-frames.ts";
import { define, expect } from "../frame/fuzzer.ts";
import { ServerTarget } from "../frame/server-target.ts";
import { WireClient } from "../frame/wire-client.ts";
import { stream } from "./frame-bytes.ts";
import { parsed } from "./json-texts.ts";
import { type Said, said } from "./rfc6455.ts";

interface StreamInput {
  /** What is written after login, in base64. */
  readonly bytes: string;
  /** Lengths of the pieces in which it is written, over and over; none: all at once. */
  readonly pieces: readonly number[];
  readonly end: "end" | "reset";
}

/** The defaults, as in docs/configuration.md. */
export const LIMITS = { frame_bytes: 1_048_576, fragments: 64 };
const MALFORMED = 4500;
const CLOSE_LIMIT_MS = 10_000;
/** More writes than this are no better. */
const MOST_PIECES = 2000;

/** A stream of frames, right and wrong, against what RFC 6455 and T3 make of it. */
export const rawFrames = define<StreamInput>({
  name: "raw-frames",
  inputs: fc.record({
    bytes: stream.map((bytes) => bytes.toString("base64")),
    pieces: fc.oneof(
      fc.constant([]),
      fc.constant([1]),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 8 }),
    ),
    end: fc.constantFrom("end", "reset"),
  }),
  // In one piece and byte by byte.
  written: badFrames.flatMap(({ bytes }): StreamInput[] =>
    [[], [1]].map((pieces) => ({ bytes: bytes.toString("base64"), pieces, end: "end" })),
  ),
  batch: 200,
  open: (home) => ServerTarget.open<StreamInput>(home, attempt),
});

async function attempt({ bytes, pieces, end }: StreamInput, url: string): Promise<void> {
  const client = (await WireClient.login(url, "few")).silent();
  try {
    const sent = Buffer.from(bytes, "base64");
    await writeInPieces(client, sent, pieces);
    await judge(client, said(sent, LIMITS));
  } finally {
    await client.close(end);
  }
}

async function writeInPieces(client: WireClient, bytes: Buffer, pieces: readonly number[]): Promise<void> {
  const all = pieces.reduce((sum, length) => sum + length, 0);
  const isTooMany = (bytes.length / all) * pieces.length > MOST_PIECES;
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = isTooMany ? undefined : pieces[i % pieces.length];
    const end = length === undefined ? bytes.length : at + length;
    client.write(bytes.subarray(at, end));
    at = end;
    await turn();
  }
}

async function judge(client: WireClient, all: readonly Said[]): Promise<void> {
  const { answers, code, isUnfinished } = expected(all);
  if (code !== undefined) {
    const closed = await within(CLOSE_LIMIT_MS, client.closed, `the end of the connection with ${code}`);
    return expect(
      closed.code === code,
      () => `expected to be closed with ${code}, was with ${closed.code} ${closed.reason}`,
    );
  }
  if (isUnfinished) return expect(!client.isClosed, "closed before the frame was whole");
  await client.call("core/core/ping");
  const got = client.take().filter((text) => text.startsWith('{"result":'));
  expect(got.length === answers, `expected ${answers} answers, got ${got.length}`);
}

/** How many requests are answered, and with which code the connection ends. */
function expected(all: readonly Said[]): {
  answers: number;
  code: number | undefined;
  isUnfinished: boolean;
} {
  let answers = 0;
  for (const one of all) {
    if (one.kind === "unfinished") return { answers, code: undefined, isUnfinished: true };
    if (one.kind !== "text") return { answers, code: one.code, isUnfinished: false };
    const { kind } = inboundOf(one.text);
    if (kind === "malformed") return { answers, code: MALFORMED, isUnfinished: false };
    if (kind === "request" || kind === "invalid") answers += 1;
  }
  return { answers, code: undefined, isUnfinished: false };
}

function inboundOf(text: string): Inbound {
  const found = parsed(text);
  return found ? classify(found.value) : { kind: "malformed", reason: "invalid JSON" };
}
