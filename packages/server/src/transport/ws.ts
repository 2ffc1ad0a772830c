import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import type {
  Admission,
  Connection,
  Frames,
  Listening,
  ListenOptions,
  Receiver,
  Transport,
  TransportLimits,
} from "./transport.ts";
import { encoded, frameBytes, wireOf } from "./wire.ts";

/** A client has this long for its part of a close, in milliseconds. */
const CLOSE_TIMEOUT_MS = 5000;
const HEADERS_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 8000;
const CHECK_INTERVAL_MS = 1000;

/** WebSocket (RFC 6455) over HTTP/1.1: text frames, no compression. */
export const webSocketTransport: Transport = async ({ host, port, limits, tls, admit }: ListenOptions) => {
  const options = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
  };
  const answer = (request: IncomingMessage, response: ServerResponse) =>
    answerPlainRequest(admit(upgradeOf(request)), response);
  const http = tls
    ? createSecureServer({ ...options, ...tls, minVersion: "TLSv1.2" }, answer)
    : createServer(options, answer);
  // A variable, since the types of ws do not know its newest options yet.
  const socketOptions = {
    noServer: true,
    WebSocket: closingInOrder(limits),
    perMessageDeflate: false,
    maxPayload: limits.frame_bytes,
    maxFragments: limits.fragments,
    closeTimeout: CLOSE_TIMEOUT_MS,
    autoPong: false,
  };
  const sockets = new WebSocketServer<typeof OrderlySocket>(socketOptions);
  const turn = new Turn();
  http.on("upgrade", (request, socket, head) => {
    const admission = admit(upgradeOf(request));
    if (admission.kind === "refuse") return refuse(socket, admission);
    sockets.handleUpgrade(request, socket, head, (ws) => connect(ws, socket, turn, admission.receive));
  });
  await listen(http, host, port);
  return listening(http, sockets);
};

function listening(http: Server, sockets: WebSocketServer): Listening {
  let closed: Promise<void> | undefined;
  const stop = () => {
    closed ??= new Promise((resolve) => http.close(() => resolve()));
    http.closeIdleConnections();
    return closed;
  };
  return {
    port: (http.address() as AddressInfo).port,
    stop: () => void stop(),
    close() {
      for (const socket of sockets.clients) socket.close(1001);
      http.closeAllConnections();
      return stop();
    },
  };
}

function listen(http: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen({ host, port }, () => {
      http.off("error", reject);
      resolve();
    });
  });
}

function upgradeOf({ url = "/", headers }: IncomingMessage) {
  const path = URL.parse(url, "ws://localhost")?.pathname ?? url;
  return { path, host: headers.host, origin: headers.origin };
}

function answerPlainRequest(admission: Admission, response: ServerResponse): void {
  const { status, text } =
    admission.kind === "refuse"
      ? admission
      : { status: 426, text: "Roomlog speaks WebSocket here; connect with a ws:// address." };
  if (status === 426) response.setHeader("upgrade", "websocket").setHeader("connection", "upgrade");
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}

function refuse(socket: Duplex, { status, text }: { readonly status: number; readonly text: string }): void {
  socket.on("error", () => socket.destroy());
  // A client that keeps its half open does not keep ours.
  socket.on("finish", () => socket.destroy());
  const body = `${text}\n`;
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8`;
  socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** Lets the frames of one turn of the event loop leave each socket in one write. */
class Turn {
  #filled: WsConnection[] = [];

  /** `connection` has something to write at the end of the turn. */
  add(connection: WsConnection): void {
    if (this.#filled.length === 0) setImmediate(() => this.#end());
    this.#filled.push(connection);
  }

  #end(): void {
    const filled = this.#filled;
    this.#filled = [];
    for (const connection of filled) connection.flush();
  }
}

function connect(
  ws: OrderlySocket,
  socket: Duplex,
  turn: Turn,
  receive: (connection: Connection) => Receiver,
): void {
  const connection = new WsConnection(ws, socket, turn);
  const receiver = receive(connection);
  connection.onFlushed = () => receiver.drained();
  ws.beforeClose = () => connection.flush();
  ws.on("message", (data: Buffer, isBinary: boolean) => {
    if (isBinary) receiver.binary();
    else receiver.frame(data.toString());
  });
  ws.on("ping", (data: Buffer) => {
    receiver.heard();
    // Who does not read gets no pong: pongs for a flood of pings would pile up here.
    if (socket.writableLength === 0) ws.pong(data);
  });
  ws.on("pong", () => receiver.heard());
  // ws closes what breaks its protocol, with the code; nothing of that connection counts any more.
  ws.on("error", () => receiver.closed());
  ws.on("close", () => receiver.closed());
}

class WsConnection implements Connection {
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #turn: Turn;
  #sent = 0;
  /** What was sent in this turn: texts, and frames that are ready for the wire. */
  #parts: (string | Uint8Array)[] = [];
  /** How many bytes these will be on the wire. */
  #unwritten = 0;
  /** Called when the socket has taken everything. Its own `drain` comes only above its high-water mark. */
  onFlushed: () => void = () => {};
  readonly #written = () => {
    if (this.waiting === 0) this.onFlushed();
  };

  constructor(ws: WebSocket, socket: Duplex, turn: Turn) {
    this.#ws = ws;
    this.#socket = socket;
    this.#turn = turn;
  }

  get remote(): string {
    const { remoteAddress, remotePort } = this.#socket as Duplex & {
      remoteAddress?: string;
      remotePort?: number;
    };
    return `ws:${remoteAddress}:${remotePort}`;
  }

  get sent(): number {
    return this.#sent;
  }

  get waiting(): number {
    return this.#unwritten + this.#socket.writableLength;
  }

  send(frames: string | Frames): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    const part = typeof frames === "string" ? frames : wireOf(frames);
    const bytes = typeof part === "string" ? frameBytes(Buffer.byteLength(part)) : part.length;
    if (this.#parts.length === 0) this.#turn.add(this);
    this.#parts.push(part);
    this.#unwritten += bytes;
    this.#sent += bytes;
  }

  /** Hands over what was sent in this turn: past ws, which would write a header and a payload for each frame. */
  flush(): void {
    const parts = this.#parts;
    if (parts.length === 0) return;
    this.#parts = [];
    this.#unwritten = 0;
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    const [first] = parts;
    const isReady = parts.length === 1 && typeof first !== "string";
    this.#socket.write(isReady ? first : encoded(parts), this.#written);
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
  }
}

declare class OrderlySocket extends WebSocket {
  /** Called before a close frame goes out. */
  beforeClose: () => void;
}

/**
 * A close frame comes behind everything that was sent before it. ws closes a connection that breaks the WebSocket
 * protocol with a code alone; T3 wants the reason too.
 */
function closingInOrder({ frame_bytes, fragments }: TransportLimits): typeof OrderlySocket {
  const reasons = new Map([
    [1002, "WebSocket protocol error"],
    [1007, "invalid UTF-8"],
    [1008, `limits.fragments: over ${fragments} fragments in one frame`],
    [1009, `limits.frame_bytes: frame over ${frame_bytes} bytes`],
  ]);
  return class extends WebSocket {
    beforeClose = () => {};

    override close(code?: number, reason?: string | Buffer): void {
      this.beforeClose();
      super.close(code, reason?.length || code === undefined ? reason : reasons.get(code));
    }
  };
}
