import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import * as fc from "fast-check";
import { within } from "../../fault/frame/within.ts";
import { badHandshakes, largeHandshakes } from "../corpus/bad-handshakes.ts";
import { PATH } from "../frame/config.ts";
import { define, expect } from "../frame/fuzzer.ts";
import { ServerTarget } from "../frame/server-target.ts";
import { faultOfAnswer, faultOfUpgrade } from "./upgrade-rules.ts";

interface HandshakeInput {
  /** What is written, one byte a character. */
  readonly bytes: string;
  /** Lengths of the pieces in which it is written, over and over; none: all at once. */
  readonly pieces: readonly number[];
  /** What the client does then; with `wait` the server has to end it. */
  readonly end: "fin" | "reset" | "wait";
}

/** A client that has ended its half is let go at once; one that waits when the request took too long (8 s). */
const END_LIMIT_MS = { fin: 15_000, reset: 15_000, wait: 25_000 };

const all = [...badHandshakes, ...largeHandshakes].map(({ bytes }) => bytes);

/** Request lines and headers, right and wrong, side by side: never 101 for what is no upgrade, and an end to each. */
export const handshake = define<readonly HandshakeInput[]>({
  name: "handshake",
  inputs: fc.array(oneHandshake(), { minLength: 1, maxLength: 12 }),
  written: [all.map((bytes) => ({ bytes, pieces: [], end: "fin" }))],
  batch: 100,
  open: (home) =>
    ServerTarget.open<readonly HandshakeInput[]>(home, async (inputs, url) => {
      await Promise.all(inputs.map((input) => attempt(input, url)));
    }),
});

async function attempt({ bytes, pieces, end }: HandshakeInput, url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, noDelay: true, allowHalfOpen: true });
  let answer = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    answer += text;
  });
  socket.on("error", () => {});
  // The server may end it while the request is being written.
  socket.on("end", () => socket.end());
  // Not `once`, which rejects at an error.
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  try {
    await once(socket, "connect").catch(() => {});
    await write(socket, bytes, pieces);
    if (end === "reset") socket.resetAndDestroy();
    else if (end === "fin") socket.end();
    const isOpen = () => answer.startsWith("HTTP/1.1 101");
    await within(
      END_LIMIT_MS[end],
      Promise.race([closed, opened(socket, isOpen)]),
      "an end of the handshake",
    );
    judge(bytes, answer);
  } finally {
    socket.destroy();
  }
}

function opened(socket: Socket, isOpen: () => boolean): Promise<void> {
  return new Promise((resolve) => socket.on("data", () => isOpen() && resolve()));
}

/** Writes one byte a character, in pieces. */
export async function write(socket: Socket, bytes: string, pieces: readonly number[]): Promise<void> {
  const isTooLong = bytes.length > 4000;
  for (let at = 0, i = 0; at < bytes.length && !socket.destroyed; i++) {
    const length = isTooLong ? undefined : pieces[i % pieces.length];
    const end = length === undefined ? bytes.length : at + length;
    socket.write(bytes.slice(at, end), "latin1");
    at = end;
    await turn();
  }
}

function judge(bytes: string, answer: string): void {
  if (answer === "") return;
  expect(/^HTTP\/1\.1 \d\d\d /.test(answer), () => `not an answer of HTTP: ${answer.slice(0, 100)}`);
  if (!answer.startsWith("HTTP/1.1 101")) return;
  const fault = faultOfUpgrade(bytes) ?? faultOfAnswer(bytes, answer);
  expect(fault === undefined, () => `101, but ${fault}`);
}

type Header = readonly [name: string, value: string];

function oneHandshake(): fc.Arbitrary<HandshakeInput> {
  const text = fc.oneof({ weight: 5, arbitrary: broken(head()) }, fc.constantFrom(...all));
  const small = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 4 });
  const wait = { weight: 1, arbitrary: fc.constant<"wait">("wait") };
  const end = fc.oneof(
    { weight: 150, arbitrary: fc.constant<"fin">("fin") },
    { weight: 20, arbitrary: fc.constant<"reset">("reset") },
    wait,
  );
  return fc.record({ bytes: text, pieces: small, end });
}

/** A head that is right but for one thing or two. */
function head(): fc.Arbitrary<string> {
  const right: readonly Header[] = [
    ["Host", "localhost"],
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="],
    ["Sec-WebSocket-Version", "13"],
  ];
  const rare = <T>(usual: T, others: readonly T[]) =>
    fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));
  const method = rare("GET", [
    "POST",
    "get",
    "OPTIONS",
    "CONNECT",
    "PRI",
    "G ET",
    "",
    "GET\t",
    "\u0000GET",
    "GETGETGETGET",
  ]);
  const target = rare(PATH, [
    "/",
    "/fuzz/",
    "/FUZZ",
    "/x/../fuzz",
    "/%66uzz",
    "/fuzz%00",
    "/fuzz?x=1",
    "/fuzz#x",
    "//fuzz",
    "///x/fuzz",
    "/../fuzz",
    "*",
    "",
    "ws://localhost/fuzz",
    "http://evil.example/fuzz",
    "http://[::1/fuzz",
    "/fuzz /x",
    `/${"a".repeat(9000)}`,
    "\\fuzz",
    "/fuzz\\..\\x",
    "/\u00e9",
    "/./fuzz",
    "/%2e%2e/fuzz",
    "javascript:fuzz",
    "fuzz",
  ]);
  const version = rare("HTTP/1.1", [
    "HTTP/1.0",
    "HTTP/2.0",
    "HTTP/1.2",
    "http/1.1",
    "HTTP/0.9",
    "HTTP/1.1 ",
    "HTTP/1,1",
    "",
    "HTTP/11.1",
  ]);
  const odd = fc.constantFrom<Header>(
    ["Upgrade", "h2c"],
    ["Upgrade", "websocket, h2c"],
    ["Connection", "keep-alive"],
    ["Connection", "keep-alive, Upgrade"],
    ["Sec-WebSocket-Version", "12"],
    ["Sec-WebSocket-Version", "8"],
    ["Sec-WebSocket-Version", "013"],
    ["Sec-WebSocket-Key", "short"],
    ["Sec-WebSocket-Key", "BBBBBBBBBBBBBBBBBBBBBB=="],
    ["Sec-WebSocket-Key", `${"A".repeat(5000)}==`],
    ["Host", "evil.example"],
    ["Content-Length", "5"],
    ["Content-Length", "-1"],
    ["Content-Length", "1, 2"],
    ["Transfer-Encoding", "chunked"],
    ["Transfer-Encoding", "chunked, identity"],
    ["Expect", "100-continue"],
    ["Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"],
    ["Sec-WebSocket-Extensions", ';;,,="'],
    ["Sec-WebSocket-Protocol", `b${" ".repeat(8000)}x`],
    ["Sec-WebSocket-Protocol", "a,a"],
    ["Origin", "https://evil.example"],
    ["Origin", "null"],
    ["Cookie", "x".repeat(3000)],
    ["X", "a\r b"],
    ["X", "a\r\n b"],
    ["X", "a\u0000b"],
    ["X", "a\nY: b"],
    ["X\u0000", "a"],
    ["X Y", "a"],
    [" X", "a"],
    ["X ", "a"],
    ["", "a"],
    ["\u00e9", "a"],
    ["__proto__", "a"],
    ["Host", ""],
  );
  const change = fc.record({
    at: fc.nat({ max: 4 }),
    what: fc.constantFrom("drop", "double", "case"),
    header: odd,
  });
  const headers = fc
    .array(fc.oneof(change, odd), { maxLength: 3 })
    .map((changes) => changes.reduce(withChange, right));
  const many = rare(0, [100, 3000]);
  return fc.tuple(method, target, version, headers, many).map(([method, target, version, headers, many]) => {
    const more = "A: b\r\n".repeat(many);
    return `${method} ${target} ${version}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}${more}\r\n`;
  });
}

interface HeaderChange {
  readonly at: number;
  readonly what: string;
  readonly header: Header;
}

function withChange(headers: readonly Header[], change: HeaderChange | Header): readonly Header[] {
  if (!("what" in change)) return [...headers, change];
  const { at, what, header } = change;
  const [name, value] = headers[at] ?? header;
  if (what === "drop") return headers.toSpliced(at, 1);
  if (what === "double") return [...headers, [name, value]];
  return headers.toSpliced(at, 1, [name.toUpperCase(), value.toUpperCase()]);
}

/** Bytes put in or taken away, the rest cut off, or a second request behind it. */
export function broken(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const piece = fc.constantFrom(
    "\r",
    "\n",
    "\r\n",
    "\r\n\r\n",
    "\u0000",
    " ",
    "\t",
    ":",
    "\u0080",
    "\u00ff",
    "%0d%0a",
    ",",
  );
  const change = fc.record({ at: fc.nat(), piece, cut: fc.nat({ max: 2 }) });
  const tail = fc.constantFrom(
    "",
    "",
    "",
    "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "\u0081\u0080\u0000\u0000\u0000\u0000",
    "5\r\nhello\r\n0\r\n\r\n",
    "\u0000".repeat(300),
  );
  return fc
    .tuple(
      text,
      fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(change, { minLength: 1, maxLength: 3 })),
      tail,
      fc.option(fc.nat(), { freq: 8 }),
    )
    .map(([text, changes, tail, cut]) => {
      const changed = changes.reduce((text, { at, piece, cut }) => {
        const i = at % (text.length + 1);
        return text.slice(0, i) + piece + text.slice(i + cut);
      }, text);
      return cut === null ? changed + tail : changed.slice(0, cut % (changed.length + 1));
    });
}
