import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { MAX_HEADERS } from "./client.ts";
import type { Address, Certificate, Listening } from "./transport.ts";

type HttpServer = Server | SecureServer;

/** Who takes what comes to a port. */
export interface Takers {
  request(incoming: IncomingMessage, outgoing: ServerResponse): void;
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void;
}

const HEADERS_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 8000;
const CHECK_INTERVAL_MS = 1000;
const MAX_HEADER_BYTES = 16_384;
/** Plain requests on one connection, before it is closed. */
const MAX_REQUESTS = 1000;
/** Answers that are on their way have so long to be taken when the port is closed, and this often it is looked. */
const LAST_ANSWERS_MS = 1000;
const IDLE_CHECK_MS = 20;
/** Connections that wait to be accepted; with Node's 511 a burst of strangers makes clients wait for seconds. */
const BACKLOG = 4096;

/** A port of our own, with the bounds of T10. */
export async function openPort({ tls, ...where }: Address, takers: Takers): Promise<Listening> {
  const bounds = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Others are requests as any (RFC 9110 §7.8); before Node 24.9 they come as upgrades all the same.
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => /\bwebsocket\b/i.test(headers.upgrade ?? ""),
  };
  const secure = tls && createSecureServer({ ...bounds, ...secured(tls) }, takers.request);
  const http = secure ?? createServer(bounds, takers.request);
  // One more than is taken, so that too many can be told from just enough: Node drops the rest without a word.
  http.maxHeadersCount = MAX_HEADERS + 1;
  http.maxRequestsPerSocket = MAX_REQUESTS;
  http.on("upgrade", takers.upgrade);
  await listen(http, where);
  return { ...closing(http), renew: (certificate) => secure?.setSecureContext(secured(certificate)) };
}

/** How a server encrypts with a certificate (T6). */
function secured({ cert, key }: Certificate) {
  return { cert, key, minVersion: "TLSv1.2", handshakeTimeout: HEADERS_TIMEOUT_MS } as const;
}

function closing(http: HttpServer): Omit<Listening, "renew"> {
  let closed: Promise<void> | undefined;
  const stop = () => {
    closed ??= new Promise((resolve) => http.close(() => resolve()));
    http.closeIdleConnections();
    return closed;
  };
  return {
    port: (http.address() as AddressInfo).port,
    stop: () => void stop(),
    async close() {
      const idle = setInterval(() => http.closeIdleConnections(), IDLE_CHECK_MS);
      const late = setTimeout(() => http.closeAllConnections(), LAST_ANSWERS_MS);
      await stop();
      clearInterval(idle);
      clearTimeout(late);
    },
  };
}

function listen(http: HttpServer, where: Omit<Address, "tls">): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen({ ...where, backlog: BACKLOG }, () => {
      http.off("error", reject);
      resolve();
    });
  });
}
