import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type Proxies, plainAddress } from "./proxies.ts";
import type { Refused, Upgrade } from "./transport.ts";

/** Most headers of a request (T10). */
export const MAX_HEADERS = 100;

/** Who is at the other end of a connection. */
export interface Client {
  /** Without a port. */
  readonly address: string;
  /** With the port of the other side; behind a proxy, who does not say it, without. */
  readonly at: string;
  readonly secure: boolean;
  /** Whether a proxy that is not trusted says that it asks for somebody else. */
  readonly forwarded: boolean;
}

/** Headers by which proxies say that they ask for somebody else. */
const FORWARDED = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "x-client-ip",
  "true-client-ip",
  "cf-connecting-ip",
];

export function isForwarded({ headers }: IncomingMessage): boolean {
  return FORWARDED.some((name) => headers[name] !== undefined);
}

/** The other side itself, or whom a trusted proxy speaks for (T8). */
export function clientOf(incoming: IncomingMessage, proxies: Proxies): Client {
  const { socket, headers } = incoming;
  const peer = plainAddress(socket.remoteAddress ?? "");
  const secure = isSecure(socket);
  if (!proxies.has(peer))
    return { address: peer, at: `${peer}:${socket.remotePort}`, secure, forwarded: isForwarded(incoming) };
  const address = proxies.clientOf({ peer, forwarded: listOf(headers["x-forwarded-for"]) });
  const isSecured = secure || listOf(headers["x-forwarded-proto"]) === "https";
  return { address, at: address, secure: isSecured, forwarded: false };
}

/** What a request asks for. */
export function upgradeOf({ url = "/", headers }: IncomingMessage, { address, forwarded }: Client): Upgrade {
  return { path: pathOf(url), address, forwarded, host: headers.host, origin: headers.origin };
}

/** The path as it is written, since a proxy has judged it so; of an absolute address (RFC 9112 §3.2.2) what follows the host. */
export function pathOf(url: string): string {
  const [path = ""] = url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, "").split(/[?#]/, 1);
  return path === "" ? "/" : path;
}

/** What others read as another path than it is written. */
const AMBIGUOUS = /^\/\/|\\|\/(?:\.|%2e){1,2}(?:\/|$)/i;

/** What Node lets through, though it is no request that can be judged (RFC 9112 §3.2). */
export function refusedByHead({
  url = "/",
  rawHeaders,
  headersDistinct,
}: IncomingMessage): Refused | undefined {
  if (rawHeaders.length > 2 * MAX_HEADERS)
    return { kind: "refuse", status: 431, text: `A request has at most ${MAX_HEADERS} headers.` };
  if ((headersDistinct.host?.length ?? 0) > 1)
    return { kind: "refuse", status: 400, text: "A request has one Host." };
  if (url.includes("#") || AMBIGUOUS.test(pathOf(url)))
    return {
      kind: "refuse",
      status: 400,
      text: "A path is written without //, \\, . and .. in it, and without #.",
    };
  return undefined;
}

function isSecure(socket: Socket): boolean {
  return "encrypted" in socket;
}

/** A header that may stand there several times. */
function listOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(",") : header;
}
