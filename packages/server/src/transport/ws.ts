import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { attach } from "./attached.ts";
import { clientOf, refusedByHead, upgradeOf } from "./client.ts";
import { openPort, type Takers } from "./port.ts";
import { Proxies } from "./proxies.ts";
import { TextFrames, type TextFramesParts } from "./text-frames.ts";
import type {
  Connection,
  Ended,
  Frames,
  ListenOptions,
  Receiver,
  Refused,
  Transport,
  TransportLimits,
} from "./transport.ts";
import { frameBytes, piecesOf, wireOf } from "./wire.ts";

/** A client has this long for its part of a close, in milliseconds. */
const CLOSE_TIMEOUT_MS = 5000;
/** A frame comes in pieces of this size on average, or in few: each piece takes memory of its own. */
const PIECE_BYTES = 256;
const LEAST_PIECES = 64;
const NOTHING = Buffer.alloc(0);

/** WebSocket (RFC 6455) over HTTP/1.1: text frames, no compression. What is no upgrade is handed on. */
export const webSocketTransport: Transport = async (options: ListenOptions) => {
  const { limits, admit, answer, place } = options;
  const proxies = new Proxies(options.trusted_proxies);
  const upgrades = upgradesWithin(limits);
  const port: Port = { sockets: new Set(), turn: new Turn(), frame_bytes: limits.frame_bytes };
  const takers: Takers = {
    request(incoming, outgoing) {
      const client = clientOf(incoming, proxies);
      const fault = refusedByHead(incoming);
      if (fault) return answerRefused(outgoing, fault);
      const remote = `${client.secure ? "https" : "http"}:${client.at}`;
      answer({ ...upgradeOf(incoming, client), remote, secure: client.secure, incoming, outgoing });
    },
    upgrade(incoming, socket, head) {
      const client = clientOf(incoming, proxies);
      const admission = refusedByHead(incoming) ?? faultOf(incoming) ?? admit(upgradeOf(incoming, client));
      if (admission.kind === "refuse") return refuse(socket, admission);
      const remote = `${client.secure ? "wss" : "ws"}:${client.at}`;
      upgrades.handleUpgrade(incoming, socket, head, (ws) => {
        connect(ws, new WsConnection(ws, socket, { port, remote }), admission.receive);
      });
    },
  };
  const listening = "server" in place ? attach(place, takers) : await openPort(place, takers);
  return {
    get port() {
      return listening.port;
    },
    renew: listening.renew,
    stop: listening.stop,
    async close() {
      const ended = Array.from(port.sockets, endOf);
      for (const socket of port.sockets) socket.close(1001);
      await Promise.all([listening.close(), ...ended]);
    },
  };
};

function upgradesWithin(limits: TransportLimits) {
  // A variable, since the types of ws do not know its newest options yet.
  const options = {
    noServer: true,
    WebSocket: closingInOrder(limits),
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.frame_bytes,
    maxFragments: limits.fragments,
    maxBufferedChunks: Math.max(LEAST_PIECES, limits.frame_bytes / PIECE_BYTES),
    closeTimeout: CLOSE_TIMEOUT_MS,
    autoPong: false,
  };
  return new WebSocketServer<typeof ClientSocket>(options);
}

function endOf(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

/** What Node and ws let through, though it is no request to upgrade (RFC 6455 §4.2.1). */
function faultOf({ httpVersion, headers }: IncomingMessage): Refused | undefined {
  if (httpVersion !== "1.1")
    return { kind: "refuse", status: 505, text: "A WebSocket begins with HTTP/1.1." };
  if (headers.host !== undefined) return undefined;
  return { kind: "refuse", status: 400, text: "A request has one Host." };
}

function answerRefused(outgoing: ServerResponse, { status, text }: Refused): void {
  outgoing.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}

function refuse(socket: Duplex, { status, text, retry_after }: Refused): void {
  socket.on("error", () => socket.destroy());
  // A client that keeps its half open does not keep ours.
  socket.on("finish", () => socket.destroy());
  const body = `${text}\n`;
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8`;
  const again = retry_after === undefined ? "" : `\r\nretry-after: ${retry_after}`;
  socket.end(`${head}${again}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
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

/** What the connections of one port share. */
interface Port {
  readonly sockets: Set<WebSocket>;
  readonly turn: Turn;
  readonly frame_bytes: number;
}

/** Where a connection came in, and from where. */
interface Place {
  readonly port: Port;
  readonly remote: string;
}

declare class ClientSocket extends WebSocket {
  connection: WsConnection;
}

function connect(
  ws: ClientSocket,
  connection: WsConnection,
  receive: (connection: Connection) => Receiver,
): void {
  ws.connection = connection;
  connection.receiver = receive(connection);
  connection.takeFrames();
  ws.on("message", onMessage);
  ws.on("ping", onPing);
  ws.on("pong", onPong);
  // ws closes what breaks its protocol, with the code; nothing of that connection counts any more.
  ws.on("error", onError);
  ws.on("close", onClose);
}

// One function for all connections, not one for each: most of them are idle, and there are many.

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  const { receiver } = (this as ClientSocket).connection;
  if (isBinary) receiver.binary();
  else receiver.frame(data.toString(), (data as Buffer).length);
}

function onPing(this: WebSocket, data: Buffer): void {
  const { connection } = this as ClientSocket;
  connection.receiver.heard();
  connection.pong(data);
}

function onPong(this: WebSocket): void {
  (this as ClientSocket).connection.receiver.heard();
}

function onError(this: WebSocket): void {
  (this as ClientSocket).connection.failed();
}

function onClose(this: WebSocket, code: number): void {
  (this as ClientSocket).connection.ended({ by: "client", code });
}

class WsConnection implements Connection, TextFramesParts {
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #port: Port;
  readonly remote: string;
  /** Set before anything is received or sent. */
  receiver!: Receiver;
  /** What was said when the server closed it. */
  closed: Ended | undefined;
  readonly #frames = new TextFrames(this);
  pass!: (bytes: Buffer) => void;
  #sent = 0;
  /** What was sent in this turn: texts, and frames that are ready for the wire. */
  #parts: (string | Uint8Array)[] = [];
  /** How many bytes these will be on the wire. */
  #unwritten = 0;
  readonly #written = () => {
    if (this.waiting === 0) this.receiver.drained();
  };

  constructor(ws: WebSocket, socket: Duplex, { port, remote }: Place) {
    this.#ws = ws;
    this.#socket = socket;
    this.#port = port;
    this.remote = remote;
    port.sockets.add(ws);
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
    if (this.#parts.length === 0) this.#port.turn.add(this);
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
    const pieces = piecesOf(parts);
    if (pieces.length > 1) this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    if (pieces.length > 1) this.#socket.uncork();
    this.#tellWhenWritten();
  }

  /** Most writes are taken at once. The socket's own `drain` comes only above its high-water mark. */
  #tellWhenWritten(): void {
    if (this.#socket.writableLength === 0) this.receiver.drained();
    else this.#socket.write(NOTHING, this.#written);
  }

  /** Who does not read gets no pong: pongs for a flood of pings would pile up here. */
  pong(data: Buffer): void {
    if (this.#socket.writableLength === 0) this.#ws.pong(data);
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

  /** Puts the short way of frames in front of that through ws. */
  takeFrames(): void {
    const [toLibrary] = this.#socket.listeners("data") as ((bytes: Buffer) => void)[];
    if (!toLibrary) throw new Error("ws does not listen to its socket");
    this.#socket.off("data", toLibrary);
    this.pass = toLibrary.bind(this.#socket);
    this.#socket.on("data", (bytes: Buffer) => this.#frames.take(bytes));
  }

  deliver(text: string, bytes: number): void {
    this.receiver.frame(text, bytes);
  }

  get frame_bytes(): number {
    return this.#port.frame_bytes;
  }

  /** ws has closed the connection for what it received. */
  failed(): void {
    this.#frames.close();
    this.receiver.closed(this.closed ?? { by: "server", code: 1002 });
  }

  ended(how: Ended): void {
    this.#port.sockets.delete(this.#ws);
    this.receiver.closed(how);
  }
}

/**
 * A close frame comes behind everything that was sent before it. ws closes a connection that breaks the WebSocket
 * protocol with a code alone; T3 wants the reason too.
 */
function closingInOrder({ frame_bytes, fragments }: TransportLimits): typeof ClientSocket {
  const reasons = new Map([
    [1002, "WebSocket protocol error"],
    [1007, "invalid UTF-8"],
    [1008, `limits.fragments: one frame in over ${fragments} fragments, or in tiny pieces`],
    [1009, `limits.frame_bytes: frame over ${frame_bytes} bytes`],
  ]);
  return class extends WebSocket {
    connection!: WsConnection;

    override close(code?: number, given?: string | Buffer): void {
      const reason = given?.length || code === undefined ? given : reasons.get(code);
      this.connection.flush();
      this.connection.closed = { by: "server", code: code ?? 1005, reason: reason?.toString() };
      super.close(code, reason);
    }
  };
}
