import { connect, type Socket } from "node:net";
import { CLOSE, maskedFrame, PING, PONG } from "./frames.ts";

/** Gets the frames in the order in which they came. */
export interface Receiver {
  /** The payload is `bytes[start, end)`; it is gone after the call. What is added to the wire leaves after the read. */
  frame(bytes: Buffer, start: number, end: number): void;
}

export interface WireOptions {
  /** Path and query of the upgrade; default `/`. */
  readonly path?: string;
  readonly protocol?: string;
}

/**
 * All wires read into the same bytes: what was read is handed over before the next read begins, and what is left of
 * it, a part of a frame, is copied.
 */
const shared = Buffer.allocUnsafeSlow(256 * 1024);
const FIRST_OUT_BYTES = 1024;
const END_OF_HEAD = "\r\n\r\n";

/** The client's end of a WebSocket, as lean as it gets: frames are parsed where they were read, writes are collected. */
export class Wire {
  readonly #socket: Socket;
  readonly #receiver: Receiver;
  readonly #upgraded = Promise.withResolvers<void>();
  #isUpgraded = false;
  #isEnded = false;
  #rest: Buffer | undefined;
  #out: Buffer | undefined;
  #outEnd = 0;

  /** Connected and upgraded. */
  static async open(
    url: string,
    receiver: Receiver,
    { path = "/", protocol }: WireOptions = {},
  ): Promise<Wire> {
    const { hostname, port, host } = new URL(url);
    const wire = new Wire({ host: hostname, port: Number(port) }, receiver);
    const head = [
      `GET ${path} HTTP/1.1`,
      `Host: ${host}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
      "Sec-WebSocket-Version: 13",
      ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ];
    wire.#socket.write(head.join("\r\n") + END_OF_HEAD);
    await wire.#upgraded.promise;
    return wire;
  }

  private constructor(to: { readonly host: string; readonly port: number }, receiver: Receiver) {
    this.#receiver = receiver;
    const callback = (length: number) => {
      this.#take(length);
      return true;
    };
    this.#socket = connect({ ...to, noDelay: true, onread: { buffer: shared, callback } });
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => this.#lost("it was closed"));
  }

  /** Adds bytes to what the next `flush` writes. */
  add(bytes: Buffer): void {
    bytes.copy(this.#room(bytes.length), this.#outEnd);
    this.#outEnd += bytes.length;
  }

  /** One write for all that was added. */
  flush(): void {
    if (!this.#out || this.#outEnd === 0) return;
    this.#socket.write(this.#out.subarray(0, this.#outEnd));
    this.#outEnd = 0;
    // The kernel has taken all of it: the bytes are ours again. Otherwise they wait, and the next get a place of their own.
    if (this.#socket.writableLength > 0) this.#out = undefined;
  }

  end(): void {
    this.#isEnded = true;
    this.#socket.destroy();
  }

  #room(length: number): Buffer {
    const needed = this.#outEnd + length;
    if (this.#out && needed <= this.#out.length) return this.#out;
    const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_OUT_BYTES, needed * 2));
    this.#out?.copy(grown, 0, 0, this.#outEnd);
    this.#out = grown;
    return grown;
  }

  #take(length: number): void {
    const read = shared.subarray(0, length);
    const bytes = this.#rest ? Buffer.concat([this.#rest, read]) : read;
    this.#rest = undefined;
    const start = this.#isUpgraded ? 0 : this.#upgrade(bytes);
    const end = this.#isUpgraded ? this.#frames(bytes, start) : start;
    if (end < bytes.length) this.#rest = Buffer.from(bytes.subarray(end));
    this.flush();
  }

  /** Where the frames begin; 0 while the head is not complete. */
  #upgrade(bytes: Buffer): number {
    const end = bytes.indexOf(END_OF_HEAD);
    if (end < 0) return 0;
    if (!bytes.toString("latin1", 0, 12).endsWith("101")) this.#lost(bytes.toString("latin1", 0, end));
    this.#isUpgraded = true;
    this.#upgraded.resolve();
    return end + END_OF_HEAD.length;
  }

  /** Hands over the whole frames from `start` on; where they end. */
  #frames(bytes: Buffer, start: number): number {
    const { length } = bytes;
    let at = start;
    while (at + 2 <= length) {
      const short = (bytes[at + 1] as number) & 0x7f;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (at + head > length) break;
      const end =
        at +
        head +
        (short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6));
      if (end > length) break;
      const opcode = (bytes[at] as number) & 0x0f;
      if (opcode < CLOSE) this.#receiver.frame(bytes, at + head, end);
      else this.#control(opcode, bytes.subarray(at + head, end));
      at = end;
    }
    return at;
  }

  #control(opcode: number, payload: Buffer): void {
    if (opcode === PING) this.add(maskedFrame(payload, PONG));
    if (opcode === CLOSE)
      this.#lost(`${payload.length > 1 ? payload.readUInt16BE(0) : ""} ${payload.subarray(2)}`);
  }

  #lost(why: string): void {
    if (this.#isEnded) return;
    this.end();
    const error = new Error(`The connection was lost: ${why}`);
    if (this.#isUpgraded) throw error;
    this.#upgraded.reject(error);
  }
}
