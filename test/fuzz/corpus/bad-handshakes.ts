import { PATH } from "../frame/config.ts";

/** What comes to the port and is no upgrade to the listener: none of it may be answered with 101. */
export interface BadHandshake {
  readonly what: string;
  /** One byte a character. */
  readonly bytes: string;
}

const headers = {
  Host: "localhost",
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
  "Sec-WebSocket-Version": "13",
};

function request(
  line: string,
  changes: Readonly<Record<string, string | undefined>> = {},
  more = "",
): string {
  const fields = Object.entries({ ...headers, ...changes }).filter(([, value]) => value !== undefined);
  return `${line}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}${more}\r\n`;
}

const GET = `GET ${PATH} HTTP/1.1`;

export const badHandshakes: readonly BadHandshake[] = [
  { what: "nothing but a line break", bytes: "\r\n" },
  {
    what: "the hello of TLS",
    bytes: `\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003${"\u00a5".repeat(500)}`,
  },
  { what: "the preface of HTTP/2", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
  { what: "SSH", bytes: "SSH-2.0-OpenSSH_9.2\r\n" },
  { what: "a frame without a handshake", bytes: "\u0081\u0085\u0000\u0000\u0000\u0000hello" },
  { what: "a plain request", bytes: `${GET}\r\nHost: localhost\r\n\r\n` },
  { what: "POST", bytes: request(`POST ${PATH} HTTP/1.1`) },
  { what: "HEAD", bytes: request(`HEAD ${PATH} HTTP/1.1`) },
  { what: "CONNECT", bytes: request("CONNECT localhost:80 HTTP/1.1") },
  { what: "small letters", bytes: request(`get ${PATH} HTTP/1.1`) },
  { what: "HTTP/1.0", bytes: request(`GET ${PATH} HTTP/1.0`) },
  { what: "HTTP/2.0", bytes: request(`GET ${PATH} HTTP/2.0`) },
  { what: "HTTP/0.9", bytes: `GET ${PATH}\r\n\r\n` },
  { what: "another path", bytes: request("GET /other HTTP/1.1") },
  { what: "the path below it", bytes: request(`GET ${PATH}/x HTTP/1.1`) },
  { what: "an encoded path", bytes: request("GET /%66uzz HTTP/1.1") },
  { what: "a path that leaves", bytes: request(`GET ${PATH}/../../etc/passwd HTTP/1.1`) },
  { what: "no path", bytes: request("GET  HTTP/1.1") },
  { what: "a path with a space", bytes: request(`GET ${PATH} x HTTP/1.1`) },
  { what: "no Host", bytes: request(GET, { Host: undefined }) },
  { what: "two Hosts", bytes: request(GET, {}, "Host: localhost\r\n") },
  { what: "no Upgrade", bytes: request(GET, { Upgrade: undefined }) },
  { what: "another Upgrade", bytes: request(GET, { Upgrade: "h2c" }) },
  { what: "no Connection", bytes: request(GET, { Connection: undefined }) },
  { what: "no key", bytes: request(GET, { "Sec-WebSocket-Key": undefined }) },
  { what: "a short key", bytes: request(GET, { "Sec-WebSocket-Key": "AAAA" }) },
  { what: "two keys", bytes: request(GET, {}, "Sec-WebSocket-Key: BBBBBBBBBBBBBBBBBBBBBB==\r\n") },
  { what: "no version", bytes: request(GET, { "Sec-WebSocket-Version": undefined }) },
  { what: "version 7", bytes: request(GET, { "Sec-WebSocket-Version": "7" }) },
  { what: "a header that is folded", bytes: request(GET, {}, "X: a\r\n b\r\n") },
  { what: "a header without a colon", bytes: request(GET, {}, "X\r\n") },
  { what: "a space before the colon", bytes: request(GET, {}, "X : a\r\n") },
  { what: "a NUL in a header", bytes: request(GET, {}, "X: a\u0000b\r\n") },
  { what: "line ends without CR", bytes: request(GET).replaceAll("\r\n", "\n") },
  { what: "two lengths", bytes: request(GET, {}, "Content-Length: 1\r\nContent-Length: 2\r\n") },
  {
    what: "a length and chunks",
    bytes: request(GET, {}, "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
  },
  { what: "a head that does not end", bytes: request(GET).slice(0, -2) },
];

/** What is no fault by the rules, and too much. */
export const largeHandshakes: readonly BadHandshake[] = [
  { what: "3000 headers", bytes: request(GET, {}, "A: b\r\n".repeat(3000)) },
  { what: "a header of 40 KB", bytes: request(GET, {}, `A: ${"b".repeat(40_000)}\r\n`) },
  { what: "a path of 40 KB", bytes: request(`GET ${PATH}?${"x".repeat(40_000)} HTTP/1.1`) },
];
