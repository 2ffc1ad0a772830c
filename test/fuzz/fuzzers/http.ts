import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { commands } from "@roomlog/protocol/commands";
import * as fc from "fast-check";
import { within } from "../../fault/frame/within.ts";
import { PATH, SECRET } from "../frame/config.ts";
import { define } from "../frame/fuzzer.ts";
import { ServerTarget } from "../frame/server-target.ts";
import { broken, write } from "./handshake.ts";
import { judgeAnswers } from "./http-rules.ts";

interface HttpInput {
  /** What is written, one byte a character. */
  readonly bytes: string;
  /** Lengths of the pieces in which it is written, over and over; none: all at once. */
  readonly pieces: readonly number[];
  readonly end: "fin" | "reset";
}

/** What is answered comes in this time, or waits for more of the request; in milliseconds. */
const PATIENCE_MS = 150;
/** A request that is not whole has 8 s (T10). */
const END_LIMIT_MS = 15_000;

const basic = (user: string, password: string) =>
  `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString("base64")}\r\n`;
const KNOWN = ["every", "few"].map((user) => basic(user, SECRET));

const ODD_WHO = [
  "Authorization: Basic\r\n",
  "Authorization: Basic !!!\r\n",
  "Authorization: Bearer\r\n",
  `Authorization: Bearer ${"x".repeat(9000)}\r\n`,
  "Authorization: Digest x\r\n",
];

const ODD_TYPES = [
  "",
  "Content-Type: text/plain\r\n",
  "Content-Type: application/json; charset=latin1\r\n",
  "Content-Type: multipart/form-data; boundary=x\r\n",
  "Content-Type: \r\n",
];

const ODD_HEADERS = [
  "Accept: text/html\r\n",
  "Accept: \u00ff\r\n",
  "Expect: 100-continue\r\n",
  "Expect: x\r\n",
  "Content-Encoding: gzip\r\n",
  "Idempotency-Key: k\r\n",
  'Idempotency-Key: "\r\n',
  `Idempotency-Key: ${"k".repeat(200)}\r\n`,
  "Idempotency-Key: \u00e9\r\n",
  "Last-Event-ID: 0\r\n",
  "Last-Event-ID: -1\r\n",
  "Last-Event-ID: 99999999999999999999\r\n",
  "Last-Event-ID: x\r\n",
  "Origin: http://localhost\r\n",
  "Origin: null\r\n",
  "Origin: https://evil.example\r\n",
  "Access-Control-Request-Method: POST\r\n",
  "Access-Control-Request-Headers: authorization\r\n",
  "Range: bytes=0-1\r\n",
  "If-None-Match: *\r\n",
  "Upgrade: h2c\r\nConnection: Upgrade\r\n",
  "X-Forwarded-For: 192.0.2.1\r\n",
  "Sec-Fetch-Site: cross-site\r\n",
  "Cookie: x\r\n",
  "__proto__: x\r\n",
  "X: a\r\n b\r\n",
];

/** What reads the configuration anew is slow by nature. */
const NAMES = Object.keys(commands).filter((name) => name !== "core/server/reload");

/** Requests that are no upgrade, right and wrong, some on one connection, side by side (section H). */
export const http = define<readonly HttpInput[]>({
  name: "http",
  inputs: fc.array(exchange(), { minLength: 1, maxLength: 8 }),
  batch: 25,
  open: (home) =>
    ServerTarget.open<readonly HttpInput[]>(home, async (inputs, url) => {
      await Promise.all(inputs.map((input) => attempt(input, url)));
    }),
});

async function attempt({ bytes, pieces, end }: HttpInput, url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, noDelay: true, allowHalfOpen: true });
  let answer = "";
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  const streams = new Promise<void>((resolve) => {
    socket.setEncoding("latin1").on("data", (text: string) => {
      answer += text;
      if (answer.includes("text/event-stream")) resolve();
    });
  });
  socket.on("error", () => {});
  socket.on("end", () => socket.end());
  try {
    await once(socket, "connect").catch(() => {});
    await write(socket, bytes, pieces);
    // A stream goes on until its reader goes.
    await Promise.race([closed, streams, sleep(PATIENCE_MS)]);
    if (end === "reset") socket.resetAndDestroy();
    else socket.end();
    await within(END_LIMIT_MS, Promise.race([closed, streams]), "an end of the exchange");
    judgeAnswers(bytes, answer, KNOWN);
  } finally {
    socket.destroy();
  }
}

function exchange(): fc.Arbitrary<HttpInput> {
  const requests = fc.array(request(), { minLength: 1, maxLength: 3 }).map((all) => all.join(""));
  const bytes = fc.oneof({ weight: 4, arbitrary: requests }, broken(requests));
  const pieces = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 4 });
  const end = fc.oneof({ weight: 8, arbitrary: fc.constant<"fin">("fin") }, fc.constant<"reset">("reset"));
  return fc.record({ bytes, pieces, end });
}

/** One that is right but for a thing or two. */
function request(): fc.Arbitrary<string> {
  const parts = fc.record({
    method: rare(["GET", "POST"], ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get"]),
    target: target(),
    // Many without: what is answered then must not be.
    who: rare([...KNOWN, ""], [basic("every", "guess"), basic("", ""), ...ODD_WHO]),
    type: rare(["Content-Type: application/json\r\n"], ODD_TYPES),
    more: fc.array(fc.constantFrom(...ODD_HEADERS), { maxLength: 2 }),
    body: body(),
    framing: rare(["length"] as const, ["none", "short", "long", "chunks", "both", "bad chunks"] as const),
    isLast: fc.boolean(),
  });
  return parts.map(({ method, target, who, type, more, body, framing, isLast }) => {
    const isBare = method === "GET" || method === "HEAD";
    const [lines, text] = isBare ? ["", ""] : framed(body, framing);
    const close = isLast ? "Connection: close\r\n" : "";
    const head = `Host: localhost\r\n${who}${isBare ? "" : type}${more.join("")}${lines}${close}`;
    return `${method} ${target} HTTP/1.1\r\n${head}\r\n${text}`;
  });
}

function rare<T>(usual: readonly T[], others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...usual) }, fc.constantFrom(...others));
}

function target(): fc.Arbitrary<string> {
  const id = rare(
    ["r1", "team-1"],
    [
      "",
      "%",
      "%ff",
      "%00",
      "%2F",
      "..",
      "%2e%2e",
      "\u00e9",
      "x".repeat(300),
      "%F0%9F%98%80",
      "*",
      "a%0d%0ab",
    ],
  );
  const rooms = fc
    .tuple(id, fc.constantFrom("", "/messages", "/messages", "/events", "/none"))
    .map(([id, rest]) => `/v1/rooms/${id}${rest}`);
  const others = rare(
    ["/v1/command", "/v1/command", "/v1/rooms"],
    ["", "/", "/v1/openapi.json", "/client.js", "/page.js", "/page.css", "/v1", "/v1/", "/v1/none", "/x"],
  );
  const names = [
    "after",
    "before",
    "limit",
    "order",
    "epoch",
    "user_id",
    "from_time",
    "prefix",
    "Last-Event-ID",
    "x",
    "__proto__",
    "",
    "%",
  ];
  const values = [
    "0",
    "1",
    "2",
    "-1",
    "1e3",
    "999999999999999999999",
    "asc",
    "desc",
    "up",
    "",
    "%00",
    "%ff",
    "%zz",
    "a&b",
    "\u00e9",
    "r1",
  ];
  const pair = fc.tuple(fc.constantFrom(...names), fc.constantFrom(...values)).map((two) => two.join("="));
  const query = fc
    .array(pair, { maxLength: 3 })
    .map((pairs) => (pairs.length === 0 ? "" : `?${pairs.join("&")}`));
  return fc.tuple(fc.oneof(rooms, others), query).map(([path, query]) => `${PATH}${path}${query}`);
}

function body(): fc.Arbitrary<string> {
  const fields = fc.dictionary(
    fc.constantFrom(
      "room_id",
      "class",
      "msg",
      "user_id",
      "limit",
      "after",
      "body",
      "meta",
      "session_id",
      "role",
      "token",
    ),
    fc.oneof(
      fc.constantFrom<unknown>("r1", "chat", "few", 1, {}, { text: "hi" }),
      fc.jsonValue({ maxDepth: 2 }),
    ),
    { maxKeys: 4 },
  );
  const command = fc.tuple(fc.constantFrom(...NAMES), fields).map(([name, data]) => {
    const [cls, subclass, cmd] = name.split("/");
    return JSON.stringify({ class: cls, subclass, cmd, data, tid: 1 });
  });
  const odd = fc.constantFrom(
    "",
    "{",
    "null",
    "[1]",
    '"x"',
    '{"a":1}{',
    '{"a":"\u00ff"}',
    '{"a":"\\ud800"}',
    '{"class":1}',
    '{"class":"core","cmd":"ping","cmd":{}}',
    '{"__proto__":{"a":1}}',
    `${'{"a":'.repeat(200)}1${"}".repeat(200)}`,
    `{"a":[${"0,".repeat(40_000)}0]}`,
    `{"text":"${"x".repeat(100_000)}"}`,
  );
  const message = fc.jsonValue().map((value) => JSON.stringify({ text: value }));
  const text = fc.oneof({ weight: 4, arbitrary: command }, { weight: 2, arbitrary: message }, odd);
  return text.map((text) => Buffer.from(text, "utf8").toString("latin1"));
}

function framed(body: string, framing: string): [lines: string, text: string] {
  const length = (bytes: number) => `Content-Length: ${bytes}\r\n`;
  const chunked = "Transfer-Encoding: chunked\r\n";
  const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  if (framing === "none") return ["", body];
  if (framing === "short") return [length(Math.max(0, body.length - 3)), body];
  if (framing === "long") return [length(body.length + 3), body];
  if (framing === "chunks") return [chunked, body === "" ? "0\r\n\r\n" : chunks];
  if (framing === "both") return [chunked + length(body.length), chunks];
  if (framing === "bad chunks") return [chunked, `zz\r\n${body}\r\n0\r\n\r\n`];
  return [length(body.length), body];
}
