import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { RawClient } from "../support/raw-client.ts";
import { upgrade } from "../support/raw-socket.ts";
import { serverForTest } from "../support/server.ts";

const memory = { store: { kind: "memory" } } as const;

const headers = (count: number, value = "x") =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`X-${i}`, value]));

async function statusOf(url: string, more: Record<string, string>): Promise<number> {
  return Number((await upgrade(url, more)).response.slice(9, 12));
}

test("[T1] of the subprotocols that a client offers the first is agreed on, extensions are not", async () => {
  const { url } = await serverForTest(memory);
  const offer = { "Sec-WebSocket-Protocol": "b, a", "Sec-WebSocket-Extensions": "permessage-deflate" };
  const { response } = await upgrade(url, offer);
  expect(response).toMatch(/^HTTP\/1.1 101 /);
  expect(response).toContain("\r\nSec-WebSocket-Protocol: b\r\n");
  expect(response).not.toMatch(/Sec-WebSocket-Extensions/i);
});

test("[T10] header floods: over 100 headers or 16 KiB of them are HTTP 431, and the server lives", async () => {
  const { url } = await serverForTest(memory);
  // Five more are those of the handshake.
  expect(await statusOf(url, headers(95))).toBe(101);
  expect(await statusOf(url, headers(96))).toBe(431);
  expect(await statusOf(url, headers(1900))).toBe(431);
  expect(await statusOf(url, headers(3000))).toBe(431);
  expect(await statusOf(url, { "X-Long": "x".repeat(15_000) })).toBe(101);
  expect(await statusOf(url, { "X-Long": "x".repeat(17_000) })).toBe(431);
  await RawClient.login(url);
});

test("[T10] an Origin behind a hundred headers is no way around the list", async () => {
  const listeners = [{ origins: ["http://localhost"] }];
  const { url } = await serverForTest({ ...memory, services: { main: { listeners } } });
  expect(await statusOf(url, { ...headers(200), Origin: "https://evil.example" })).toBe(431);
});

test("[T10] ReDoS in handshake headers: long odd values are judged at once", async () => {
  const { url } = await serverForTest(memory);
  const odd = `b${" ".repeat(15_000)}x`;
  for (const name of ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Origin", "X-Forwarded-For"]) {
    const began = performance.now();
    await upgrade(url, { [name]: odd });
    expect(performance.now() - began).toBeLessThan(1000);
  }
});

test("[T10] the 1001st plain request on a connection is not answered as one", async () => {
  const { url } = await serverForTest(memory);
  const socket = plainSocket(url);
  let received = "";
  socket.on("data", (bytes) => {
    received += String(bytes);
  });
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1010));
  await once(socket, "close");
  expect(received.match(/HTTP\/1\.1 426 /g)).toHaveLength(1000);
});

test.for([
  ["says nothing", ""],
  ["stops in its request line", "GET / HT"],
  ["stops in its headers", "GET / HTTP/1.1\r\nHost: localhost\r\nUpgr"],
] as const)("[T10] slowloris: a socket that %s is closed after 5 s", async ([, start]) => {
  const { url } = await serverForTest(memory);
  const socket = plainSocket(url);
  socket.write(start);
  const began = performance.now();
  await once(socket.resume(), "close");
  expect(performance.now() - began).toBeLessThan(12_000);
});

function plainSocket(url: string): Socket {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  onTestFinished(() => {
    socket.destroy();
  });
  return socket.on("error", () => {});
}
