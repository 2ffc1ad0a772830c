import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { maskedFrame, writeDigits } from "../../bench/load/frames.ts";
import { MESSAGE, SendFrame, sentAt } from "../../bench/load/message.ts";
import { NatsParser } from "../../bench/load/nats-parser.ts";
import { Wire } from "../../bench/load/wire.ts";

const texts = ["a", "b".repeat(125), "c".repeat(126), "d".repeat(70_000)];
const HEAD = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
const PING = 0x89;
const server = createServer((socket) => void answer(socket));
/** Where the server cuts what it sends in two. */
let cut = 0;
let heard: Buffer;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => server.close());

test("a wire hands over whole frames wherever the reads end, and answers pings", async () => {
  const bytes = serverBytes();
  const [url, small] = [`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, bytes.length - 70_000];
  for (cut = 1; cut < small; cut += 3) {
    const got: string[] = [];
    const done = Promise.withResolvers<void>();
    const frame = (from: Buffer, start: number, end: number) => {
      if (got.push(from.toString("latin1", start, end)) === texts.length) done.resolve();
    };
    const wire = await Wire.open(url, { frame });
    await done.promise;
    expect(got).toEqual(texts);
    wire.end();
  }
  expect(heard).toEqual(maskedFrame("?", 10));
});

test("the parser of NATS gives the same messages wherever the frames end", () => {
  const stream = Buffer.from(
    'INFO {"a":1}\r\nMSG room.a 1 ack.x 7\r\nfi\r\nrst\r\nPING\r\nHMSG page.x 4 4 11\r\nhead second\r\nPONG\r\n',
  );
  const whole = parsed([stream]);
  expect(whole).toEqual(["1 fi\r\nrst", "ping", "4 head second", "pong"]);
  for (let at = 1; at < stream.length; at++) {
    expect(parsed([stream.subarray(0, at), stream.subarray(at)])).toEqual(whole);
  }
});

test("a send is 100 bytes and says when it was sent", () => {
  expect(MESSAGE.length).toBe(100);
  const before = Date.now() * 1000;
  const bytes = new SendFrame(`{"msg":${MESSAGE},"tid":7000000000}`).numbered(7_000_000_042);
  expect(bytes.toString()).toContain('"tid":7000000042}');
  expect(Math.abs(sentAt(bytes, 0) - before)).toBeLessThan(5e6);
});

test("digits are written in place", () => {
  const bytes = Buffer.from("tid:0000;");
  writeDigits(bytes, 8, 4096);
  expect(bytes.toString()).toBe("tid:4096;");
});

async function answer(socket: Socket): Promise<void> {
  await once(socket, "data");
  socket.setNoDelay(true);
  socket.on("data", (bytes) => {
    heard = bytes;
  });
  socket.on("error", () => {});
  const bytes = serverBytes();
  socket.write(bytes.subarray(0, cut));
  for (let i = 0; i < 3; i++) await turn();
  socket.write(bytes.subarray(cut));
}

function serverBytes(): Buffer {
  const frames = texts.map((text) => unmasked(0x81, text));
  return Buffer.concat([Buffer.from(HEAD), unmasked(PING, "?"), ...frames]);
}

function unmasked(first: number, text: string): Buffer {
  const { length } = text;
  const long = Buffer.alloc(10, 127);
  long.writeBigUInt64BE(BigInt(length), 2);
  const size =
    length < 126 ? [length] : length < 65_536 ? [126, length >> 8, length & 0xff] : [...long.subarray(1)];
  return Buffer.concat([Buffer.from([first, ...size]), Buffer.from(text)]);
}

function parsed(frames: readonly Buffer[]): string[] {
  const got: string[] = [];
  const parser = new NatsParser({
    message: (sid, bytes, start, end) => void got.push(`${sid} ${bytes.toString("latin1", start, end)}`),
    ping: () => void got.push("ping"),
    pong: () => void got.push("pong"),
  });
  for (const frame of frames) parser.frame(frame, 0, frame.length);
  return got;
}
