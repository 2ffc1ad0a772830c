import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { maskedFrame } from "../support/raw-socket.ts";
import { dataDirectory, serverForTest } from "../support/server.ts";
import { tlsFile, tlsSocket, upgraded } from "../support/tls-socket.ts";

const memory = { store: { kind: "memory" } } as const;

/** A server whose certificate can be exchanged. */
async function encrypted() {
  const directory = dataDirectory();
  const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  copyFileSync(tlsFile("cert.pem"), cert);
  copyFileSync(tlsFile("key.pem"), key);
  const listeners = [{ port: 0, tls: { cert, key } }];
  const server = await serverForTest({ ...memory, services: { main: { listeners } } });
  return { server, cert, key };
}

/** What a server shows who connects now, as PEM. */
async function shown(url: string): Promise<string> {
  return pemOf(await tlsSocket(url));
}

function pemOf(socket: TLSSocket): string {
  return socket.getPeerX509Certificate()?.toString() ?? "";
}

const [first, next] = ["cert.pem", "next-cert.pem"].map((name) => readFileSync(tlsFile(name), "utf8"));

test("[T6] a reload reads the certificate anew: new connections get it, old ones stay", async () => {
  const { server, cert, key } = await encrypted();
  const old = await tlsSocket(server.url, { ca: first });
  expect(await upgraded(old)).toMatch(/^HTTP\/1\.1 101 /);
  expect(await shown(server.url)).toBe(first);
  copyFileSync(tlsFile("next-cert.pem"), cert);
  copyFileSync(tlsFile("next-key.pem"), key);
  expect(await shown(server.url)).toBe(first);
  expect(await server.reload()).toEqual([]);
  expect(await shown(server.url)).toBe(next);
  const verified = await tlsSocket(server.url, { ca: next, rejectUnauthorized: true });
  expect(await upgraded(verified)).toMatch(/^HTTP\/1\.1 101 /);
  old.write(maskedFrame(0x81, '{"class":"core","cmd":"ping","tid":1}'));
  expect(String((await once(old, "data"))[0])).toContain("100031");
});

test.for([
  ["no certificate at all", (cert: string) => writeFileSync(cert, "oops")],
  ["half of one", (cert: string) => writeFileSync(cert, (first as string).slice(0, 200))],
  ["another key's", (cert: string) => copyFileSync(tlsFile("next-cert.pem"), cert)],
] as const)("[T6] a reload that finds %s changes nothing and says why", async ([, spoil]) => {
  const { server, cert } = await encrypted();
  spoil(cert);
  await expect(server.reload()).rejects.toThrow(
    /^services\.main\.listeners: the certificate \S+ with the key \S+ cannot be used: /,
  );
  expect(await shown(server.url)).toBe(first);
});

test("[T6] a start with a certificate and another's key says why", async () => {
  const tls = { cert: tlsFile("next-cert.pem"), key: tlsFile("key.pem") };
  const services = { main: { listeners: [{ port: 0, tls }] } };
  await expect(serverForTest({ ...memory, services })).rejects.toThrow("cannot be used");
});

test.for(["TLSv1", "TLSv1.1"] as const)("[T6] %s is refused", async (version) => {
  const { server } = await encrypted();
  const only = { minVersion: version, maxVersion: version, ciphers: "DEFAULT@SECLEVEL=0" };
  await expect(tlsSocket(server.url, only)).rejects.toThrow(/protocol version|alert/i);
  await server.reload();
  await expect(tlsSocket(server.url, only)).rejects.toThrow(/protocol version|alert/i);
});

test.for(["TLSv1.2", "TLSv1.3"] as const)("[T6] %s is spoken", async (version) => {
  const { server } = await encrypted();
  const socket = await tlsSocket(server.url, { minVersion: version, maxVersion: version });
  expect(socket.getProtocol()).toBe(version);
});

test("[T2, T6] a request to an encrypted listener that is no upgrade is told to use wss://", async () => {
  const { server } = await encrypted();
  const socket = await tlsSocket(server.url);
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const answer = String((await once(socket, "data"))[0]);
  expect(answer).toMatch(/^HTTP\/1\.1 426 /);
  expect(answer).toContain("connect with a wss:// address");
});

test("[T6] who connects without a word of TLS is closed after 5 s", async () => {
  const { server } = await encrypted();
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on("error", () => {}).resume();
  const began = performance.now();
  await once(socket, "close");
  expect(performance.now() - began).toBeLessThan(10_000);
});
