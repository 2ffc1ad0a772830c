import type { Client, ClientOptions, Dialect } from "./dialect.ts";
import { maskedFrame } from "./frames.ts";
import { MESSAGE, SendFrame } from "./message.ts";
import { type Receiver, Wire } from "./wire.ts";

const PATH = "/socket.io/?EIO=4&transport=websocket";
/** A packet is told by its first digits: engine.io `0` open, `2` ping, `4` message; of these `40` connected, `42` event, `43` ack. */
const PING = 0x32;
const MESSAGES = 0x34;
const CONNECTED = 0x30;
const EVENT = 0x32;
const ACK = 0x33;
const PONG = maskedFrame("3");
/** Ids of acks: one for each kind, told apart by their digit. Acks of a kind come in order. */
const SENT = "1";
const JOINED = 0x32;
const PAGED = 0x33;

export const socketio: Dialect = async (url, options) => {
  const client = new SocketIoClient(options);
  await client.open(url);
  return client;
};

class SocketIoClient implements Client, Receiver {
  readonly #options: ClientOptions;
  readonly #frames = new Map<string, SendFrame>();
  readonly #connected = Promise.withResolvers<void>();
  readonly #joins: PromiseWithResolvers<void>[] = [];
  #wire!: Wire;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  async open(url: string): Promise<void> {
    this.#wire = await Wire.open(url, this, { path: PATH });
    this.#write(`40${JSON.stringify({ user: this.#options.user })}`);
    await this.#connected.promise;
  }

  /** Rooms are there when somebody is in them. */
  create(): Promise<void> {
    return Promise.resolve();
  }

  subscribe(room: string): Promise<void> {
    const joined = Promise.withResolvers<void>();
    this.#joins.push(joined);
    this.#write(`422["join",${JSON.stringify(room)}]`);
    return joined.promise;
  }

  send(room: string): void {
    const frame = this.#frames.get(room) ?? this.#frame(room);
    this.#wire.add(frame.next());
  }

  page(room: string, before?: number): void {
    this.#wire.add(maskedFrame(`423${JSON.stringify(["page", room, before ?? null])}`));
  }

  flush(): void {
    this.#wire.flush();
  }

  end(): void {
    this.#wire.end();
  }

  frame(bytes: Buffer, start: number, end: number): void {
    const kind = bytes[start];
    if (kind === PING) this.#wire.add(PONG);
    else if (kind === MESSAGES) this.#message(bytes, start, end);
  }

  #message(bytes: Buffer, start: number, end: number): void {
    const kind = bytes[start + 1];
    if (kind === EVENT) this.#options.delivered?.(bytes, start, end);
    else if (kind === ACK) this.#ack(bytes[start + 2], end - start);
    else if (kind === CONNECTED) this.#connected.resolve();
    else throw new Error(`refused: ${bytes.toString("latin1", start, end)}`);
  }

  #ack(id: number | undefined, length: number): void {
    if (id === JOINED) this.#joins.shift()?.resolve();
    else if (id === PAGED) this.#options.paged?.(length);
    else this.#options.acked?.();
  }

  #frame(room: string): SendFrame {
    const frame = new SendFrame(`42${SENT}${`["send",${JSON.stringify(room)},${MESSAGE}]`}`);
    this.#frames.set(room, frame);
    return frame;
  }

  #write(text: string): void {
    this.#wire.add(maskedFrame(text));
    this.#wire.flush();
  }
}
