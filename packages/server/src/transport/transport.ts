import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Server as SecureServer } from "node:https";

/** What the core needs of a socket that carries text frames. */
export interface Connection {
  /** Where the other side is, for the log: `ws:127.0.0.1:41116`, behind a proxy without the port (T8). */
  readonly remote: string;
  /** Whether an id that somebody else has given for its session does not count (H2). */
  readonly ownId?: boolean;
  /** Bytes given to `send` so far. */
  readonly sent: number;
  /** How many of them have not been taken by the operating system yet. */
  readonly waiting: number;
  /** Queues text frames. The frames of one turn of the event loop leave in one write. */
  send(frames: string | Frames): void;
  /** Stops reading, so that the other side has to wait; `resume` goes on. */
  pause(): void;
  resume(): void;
  /** Ends the connection after what was sent. `reason` has at most 123 bytes (T3). */
  close(code: number, reason: string): void;
}

/** Text frames, in this order, that go to any number of connections: they are made ready for the wire once. */
export interface Frames {
  readonly texts: readonly string[];
  /** Their length as UTF-8. */
  readonly bytes: number;
  /** What the transport has made of them. */
  wire?: Uint8Array;
}

/** What the core is told about a connection. */
export interface Receiver {
  /** A whole text frame arrived; `bytes`: of its text as it was received. */
  frame(text: string, bytes: number): void;
  /** A whole binary frame arrived (T3). */
  binary(): void;
  /** The other side sent a ping or a pong of the WebSocket protocol. */
  heard(): void;
  /** Everything that waited has been taken. */
  drained(): void;
  /** The connection has ended; nothing follows. */
  closed(how: Ended): void;
}

/** How a connection ended: the code of its close frame, 1006 when there was none. */
export interface Ended {
  readonly by: "client" | "server";
  readonly code: number;
  /** The server's; what a client says is not passed on. */
  readonly reason?: string | undefined;
}

/** A client that asks for a connection. */
export interface Upgrade {
  readonly path: string;
  /** Where it comes from, without a port; said by a trusted proxy when one stands between (T8). */
  readonly address: string;
  /** Whether a proxy that is not trusted says that it asks for somebody else. */
  readonly forwarded: boolean;
  readonly host: string | undefined;
  readonly origin: string | undefined;
}

/** Takes a connection, or says why not with an HTTP status and a sentence. */
export type Admission = { readonly kind: "accept"; receive(connection: Connection): Receiver } | Refused;

/** With `retry_after`, in seconds, the client may come again. */
export interface Refused {
  readonly kind: "refuse";
  readonly status: number;
  readonly text: string;
  readonly retry_after?: number;
}

/** A request that is no upgrade, as it came to a port. */
export interface PlainRequest extends Upgrade {
  /** As of a connection: `http:127.0.0.1:41116`. */
  readonly remote: string;
  /** Whether it came encrypted, also to a trusted proxy that says so. */
  readonly secure: boolean;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

export interface ListenOptions {
  readonly place: Address | Attachment;
  readonly limits: TransportLimits;
  /** Addresses and networks of proxies whose word about their clients is believed (T8). */
  readonly trusted_proxies: readonly string[];
  admit(upgrade: Upgrade): Admission;
  /** Answers a request that is no upgrade. */
  answer(request: PlainRequest): void;
}

/** A port to listen on. */
export interface Address {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** With it the connections are encrypted. */
  readonly tls?: Certificate | undefined;
}

/** A server that somebody else listens with, and of which only some paths are ours. */
export interface Attachment {
  readonly server: Server | SecureServer;
  owns(path: string): boolean;
}

/** A chain and its private key, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface TransportLimits {
  /** Largest frame that is received, in bytes (T3: 1009). */
  readonly frame_bytes: number;
  /** Most fragments of one frame (T3: 1008). */
  readonly fragments: number;
}

/** A port that is listened on, or a server that is attached to. */
export interface Listening {
  readonly port: number;
  /** What is connected from now on gets this certificate; what is connected stays (T6). */
  renew(certificate: Certificate): void;
  /** Takes no further connections. */
  stop(): void;
  /** Ends what is still connected, waits a bounded time for the other sides, and frees the port or leaves the server. */
  close(): Promise<void>;
}

export type Transport = (options: ListenOptions) => Promise<Listening>;
