import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** A WebSocket connection without a library: for frames that no library would send. */
export class RawSocket {
  readonly #socket: Socket;
  /** Whole frames received. */
  readonly #frames: Frame[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};

  /** Connects and does the handshake; `headers` are added to it. */
  static async connect(url: string, headers: Record<string, string> = {}): Promise<RawSocket> {
    const { socket, response } = await upgrade(url, headers);
    if (!response.startsWith("HTTP/1.1 101")) throw new Error(response);
    return new RawSocket(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes) => {
      this.#rest = takeFrames(Buffer.concat([this.#rest, bytes]), this.#frames);
      this.#wake();
    });
    socket.on("close", () => this.#wake());
  }

  write(...frames: Uint8Array[]): void {
    this.#socket.write(Buffer.concat(frames));
  }

  /** Resolves when the system has taken what was written, or the connection has ended. */
  async taken(): Promise<void> {
    while (this.#socket.writableLength > 0 && !this.#socket.destroyed) {
      await Promise.race([once(this.#socket, "drain"), once(this.#socket, "close")]);
    }
  }

  /** Reads nothing from now on. */
  /** Goes without a word. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** How the server closes the connection. Frames before the close frame are passed over. */
  async closed(): Promise<{ readonly code: number; readonly reason: string }> {
    for (;;) {
      const close = this.#frames.find(({ opcode }) => opcode === 8);
      if (close) return { code: close.payload.readUInt16BE(0), reason: close.payload.subarray(2).toString() };
      await this.#more();
    }
  }

  /** The first `count` text frames, as soon as they are there. */
  async texts(count: number): Promise<string[]> {
    return (await this.#first(count, 1)).map(({ payload }) => payload.toString());
  }

  /** Text frames so far. */
  get count(): number {
    return this.#frames.filter(({ opcode }) => opcode === 1).length;
  }

  /** Resolves when `count` pongs are there. */
  async pongs(count: number): Promise<void> {
    await this.#first(count, 10);
  }

  async #first(count: number, opcode: number): Promise<Frame[]> {
    for (;;) {
      const found = this.#frames.filter((frame) => frame.opcode === opcode);
      if (found.length >= count) return found.slice(0, count);
      await this.#more();
    }
  }

  #more(): Promise<void> {
    if (this.#socket.closed) throw new Error("the connection ended without a close frame");
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** Asks for a WebSocket; the answer's head and what of its body came with it. */
export async function upgrade(url: string, headers: Record<string, string> = {}, options = {}) {
  const { socket, response } = askToUpgrade(url, headers, options);
  onTestFinished(() => {
    socket.destroy();
  });
  return { socket, response: await response };
}

/** The same for a socket that its owner ends. */
export function askToUpgrade(url: string, headers: Record<string, string> = {}, options = {}) {
  const { hostname, port, host, pathname } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, ...options });
  socket.on("error", () => {});
  const lines = { Host: host, Upgrade: "websocket", Connection: "Upgrade", ...handshake, ...headers };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${pathname} HTTP/1.1\r\n${head.join("")}\r\n`);
  return { socket, response: once(socket, "data").then(([bytes]) => String(bytes)) };
}

const handshake = { "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version": "13" };

/** A masked frame as clients send them (RFC 6455 §5.2); `first` is its first byte. */
export function maskedFrame(first: number, payload: Uint8Array | string): Buffer {
  const bytes = Buffer.from(payload);
  const length = lengthBytes(bytes.length);
  length[0] = (length[0] ?? 0) | 0x80;
  return Buffer.concat([Buffer.from([first]), length, Buffer.alloc(4), bytes]);
}

function lengthBytes(length: number): Buffer {
  if (length < 126) return Buffer.from([length]);
  const bytes = Buffer.alloc(length < 65_536 ? 3 : 9);
  bytes[0] = length < 65_536 ? 126 : 127;
  if (length < 65_536) bytes.writeUInt16BE(length, 1);
  else bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

/** Moves the whole frames at the start of `bytes` into `frames`; gives back what is left. */
export function takeFrames(bytes: Buffer, frames: Frame[]): Buffer {
  let i = 0;
  while (i + 10 <= bytes.length || i + 2 + ((bytes[i + 1] ?? 126) & 0x7f) <= bytes.length) {
    const short = bytes[i + 1] as number;
    const at = i + (short < 126 ? 2 : short === 126 ? 4 : 10);
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(i + 2) : Number(bytes.readBigUInt64BE(i + 2));
    if (at + length > bytes.length) break;
    frames.push({ opcode: (bytes[i] as number) & 0x0f, payload: bytes.subarray(at, at + length) });
    i = at + length;
  }
  return bytes.subarray(i);
}
