import type { Page } from "playwright-core";

/** Pictures of a recording, each coded by itself. */
interface Recording {
  readonly width: number;
  readonly height: number;
  /** Milliseconds from one to the next. */
  readonly every: number;
  readonly frames: readonly Buffer[];
}

/** Runs in the page: draws a clock and codes it as VP8, all at once. The frames come back in Base64. */
const DRAW = `async ({ width, height, every, count }) => {
  const frames = [];
  const encoder = new VideoEncoder({
    output: (chunk) => {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      frames.push(btoa(String.fromCharCode(...bytes)));
    },
    error: (error) => { throw error; },
  });
  encoder.configure({ codec: "vp8", width, height, bitrate: 60_000 });
  const canvas = new OffscreenCanvas(width, height);
  const draw = canvas.getContext("2d");
  for (let i = 0; i < count; i++) {
    draw.fillStyle = "#1f2937";
    draw.fillRect(0, 0, width, height);
    draw.fillStyle = "#60a5fa";
    draw.fillRect(0, height - 12, (width * i) / count, 12);
    draw.fillStyle = "#f9fafb";
    draw.font = "bold 64px sans-serif";
    draw.textAlign = "center";
    draw.fillText("0:" + String(Math.floor((i * every) / 1000)).padStart(2, "0"), width / 2, height / 2 + 20);
    const frame = new VideoFrame(canvas, { timestamp: i * every * 1000 });
    encoder.encode(frame, { keyFrame: true });
    frame.close();
  }
  await encoder.flush();
  return frames;
}`;

/** A short recording of a clock as a WebM file in which players can seek. The page needs a secure context. */
export async function clockVideo(page: Page, seconds: number): Promise<Buffer> {
  const size = { width: 320, height: 180, every: 500 };
  const asked = JSON.stringify({ ...size, count: (seconds * 1000) / size.every });
  const frames = (await page.evaluate(`(${DRAW})(${asked})`)) as string[];
  return webm({ ...size, frames: frames.map((text) => Buffer.from(text, "base64")) });
}

/** Matroska: header, what it is, the pictures in a cluster each, and where each cluster lies. */
function webm({ width, height, every, frames }: Recording): Buffer {
  const header = element("1a45dfa3", [
    element("4286", number(1)),
    element("42f7", number(1)),
    element("42f2", number(4)),
    element("42f3", number(8)),
    element("4282", Buffer.from("webm")),
    element("4287", number(2)),
    element("4285", number(2)),
  ]);
  const duration = Buffer.alloc(8);
  duration.writeDoubleBE(frames.length * every);
  const info = element("1549a966", [
    element("2ad7b1", number(1_000_000)),
    element("4489", duration),
    element("4d80", Buffer.from("test")),
    element("5741", Buffer.from("test")),
  ]);
  const track = element("1654ae6b", [
    element("ae", [
      element("d7", number(1)),
      element("73c5", number(1)),
      element("83", number(1)),
      element("86", Buffer.from("V_VP8")),
      element("e0", [element("b0", number(width)), element("ba", number(height))]),
    ]),
  ]);
  const clusters = frames.map((frame, i) => clusterOf(frame, i * every));
  const cuesAt = (first: number) => cuesOf(clusters, first, every);
  // As many bytes wherever the first cluster lies: numbers have four.
  const first = info.length + track.length + cuesAt(0).length;
  return Buffer.concat([header, element("18538067", [info, track, cuesAt(first), ...clusters])]);
}

function clusterOf(frame: Buffer, time: number): Buffer {
  // Track 1, no time of its own, a key frame.
  const block = Buffer.concat([Buffer.from([0x81, 0, 0, 0x80]), frame]);
  return element("1f43b675", [element("e7", number(time)), element("a3", block)]);
}

function cuesOf(clusters: readonly Buffer[], first: number, every: number): Buffer {
  let at = first;
  const cues = clusters.map((cluster, i) => {
    const place = element("b7", [element("f7", number(1)), element("f1", number(at))]);
    at += cluster.length;
    return element("bb", [element("b3", number(i * every)), place]);
  });
  return element("1c53bb6b", cues);
}

function element(id: string, body: Buffer | readonly Buffer[]): Buffer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.concat(body);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE((1n << 56n) | BigInt(bytes.length));
  return Buffer.concat([Buffer.from(id, "hex"), size, bytes]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
