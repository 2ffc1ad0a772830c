import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { RawClient } from "../support/raw-client.ts";
import { maskedFrame, RawSocket, upgrade } from "../support/raw-socket.ts";
import { serverForTest } from "../support/server.ts";

const memory = { store: { kind: "memory" } } as const;

/** The header of a masked text frame that says it will be that long. */
function declared(bytes: bigint): Buffer {
  const header = Buffer.alloc(14);
  header[0] = 0x81;
  header[1] = 0xff;
  header.writeBigUInt64BE(bytes, 2);
  return header;
}

test.for([
  ["2^20 + 1", 2n ** 20n + 1n],
  ["2^40", 2n ** 40n],
  ["2^53", 2n ** 53n],
  ["2^63 - 1", 2n ** 63n - 1n],
] as const)(
  "[T3] oversize frame: one that declares %s bytes is 1009 at once, and nothing is allocated",
  async ([, bytes]) => {
    const { url } = await serverForTest(memory);
    const before = process.memoryUsage().rss;
    const sockets = await Promise.all(Array.from({ length: 20 }, () => RawSocket.connect(url)));
    for (const socket of sockets) socket.write(declared(bytes), Buffer.from("x"));
    for (const socket of sockets) {
      const { code, reason } = await socket.closed();
      expect(code).toBe(1009);
      expect(reason).toContain("limits.frame_bytes");
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  },
);

test("[T3] tiny fragments: 200,000 empty ones are 1008 after limits.fragments, and take no memory", async () => {
  const { url } = await serverForTest(memory);
  const socket = await RawSocket.connect(url);
  // Continuations that are masked and empty, as `maskedFrame(0x00, "")` makes them.
  const empty = Buffer.alloc(6 * 200_000, maskedFrame(0x00, ""));
  const before = process.memoryUsage().rss;
  socket.write(maskedFrame(0x01, "x"), empty);
  expect(await socket.closed()).toMatchObject({ code: 1008 });
  expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  await RawClient.login(url);
});

test("[T3] tiny pieces: a frame that comes byte by byte is 1008", async () => {
  const { url } = await serverForTest({ ...memory, limits: { frame_bytes: 2048 } });
  const { socket } = await upgrade(url, {}, { noDelay: true });
  const frame = maskedFrame(0x82, "x".repeat(1000));
  const heard: Buffer[] = [];
  socket.on("data", (bytes) => heard.push(bytes));
  for (const byte of frame.subarray(0, 200)) {
    socket.write(Uint8Array.of(byte));
    await sleep(2);
  }
  await expect.poll(() => Buffer.concat(heard).toString("latin1")).toContain("in tiny pieces");
  const [, , high = 0, low = 0] = Buffer.concat(heard);
  expect(high * 256 + low).toBe(1008);
});

test("[T3] bad frames: those that RFC 6455 forbids are 1002, the close frame's own too", async () => {
  const { url } = await serverForTest(memory);
  const close = (...bytes: number[]) => maskedFrame(0x88, Uint8Array.from(bytes));
  for (const frame of [
    close(3),
    close(0x03, 0xed), // 1005
    close(0x03, 0xee), // 1006
    close(0x00, 0x01),
    maskedFrame(0x09, "ping in fragments"),
    maskedFrame(0xa1, "x"),
    maskedFrame(0x91, "x"),
    maskedFrame(0x8b, "x"),
    maskedFrame(0x8f, "x"),
  ]) {
    const socket = await RawSocket.connect(url);
    socket.write(frame);
    expect(await socket.closed()).toMatchObject({ code: 1002 });
  }
  await RawClient.login(url);
});

test("[T3] ping flood: pongs are sent to who reads, and the server serves others", async () => {
  const { url } = await serverForTest(memory);
  const socket = await RawSocket.connect(url);
  socket.write(Buffer.concat(Array.from({ length: 1000 }, () => maskedFrame(0x89, "x"))));
  await RawClient.login(url);
  await socket.pongs(1);
});
