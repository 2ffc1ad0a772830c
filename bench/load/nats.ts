import { type Client, type ClientOptions, type Dialect, PAGE } from "./dialect.ts";
import { BINARY, maskedFrame } from "./frames.ts";
import { MESSAGE, SendFrame } from "./message.ts";
import { NatsParser } from "./nats-parser.ts";
import { Wire } from "./wire.ts";

/** Subscriptions, by the digit that names them on the wire. */
const ROOM = 1;
const ACKS = 2;
const REPLIES = 3;
const PAGES = 4;
/** An ack that is an error has `{"error":` where others have `{"stream":`. */
const E = 0x65;
const PONG = maskedFrame("PONG\r\n", BINARY);
const CONNECT = {
  verbose: false,
  pedantic: false,
  headers: true,
  no_responders: true,
  lang: "bench",
  version: "1",
};

interface Reply {
  readonly error?: { readonly description: string };
  readonly state?: { readonly last_seq: number };
}

export const nats: Dialect = async (url, options) => {
  const client = new NatsClient(options);
  await client.open(url);
  return client;
};

/** A room is a stream with one subject. Sends are published with a subject for the ack; subscribers hear the subject. */
class NatsClient implements Client {
  readonly #options: ClientOptions;
  readonly #frames = new Map<string, SendFrame>();
  readonly #pongs: PromiseWithResolvers<void>[] = [];
  readonly #replies: PromiseWithResolvers<Reply>[] = [];
  #wire!: Wire;
  /** What has come of the page that was asked for. */
  #page = { messages: 0, bytes: 0 };

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  async open(url: string): Promise<void> {
    const parser = new NatsParser({
      message: (sid, bytes, start, end) => this.#message(sid, bytes, start, end),
      ping: () => this.#wire.add(PONG),
      pong: () => this.#pongs.shift()?.resolve(),
    });
    this.#wire = await Wire.open(url, parser);
    this.#add(`CONNECT ${JSON.stringify(CONNECT)}\r\n`);
    const { user } = this.#options;
    this.#add(`SUB ack.${user} ${ACKS}\r\nSUB reply.${user} ${REPLIES}\r\nSUB page.${user} ${PAGES}\r\n`);
    await this.#roundTrip();
  }

  async create(room: string): Promise<void> {
    await this.#ask(`STREAM.CREATE.${room}`, {
      name: room,
      subjects: [`room.${room}`],
      storage: "file",
      allow_direct: true,
    });
  }

  subscribe(room: string): Promise<void> {
    this.#add(`SUB room.${room} ${ROOM}\r\n`);
    return this.#roundTrip();
  }

  send(room: string): void {
    const frame = this.#frames.get(room) ?? this.#frame(room);
    this.#wire.add(frame.next());
  }

  page(room: string, before?: number): void {
    void this.#pull(room, before);
  }

  flush(): void {
    this.#wire.flush();
  }

  end(): void {
    this.#wire.end();
  }

  /** Message by message, all asked for at once: cheaper than a consumer of its own for each page. */
  async #pull(room: string, before: number | undefined): Promise<void> {
    const end = before ?? 1 + ((await this.#ask(`STREAM.INFO.${room}`, {})).state?.last_seq ?? 0);
    this.#page = { messages: 0, bytes: 0 };
    for (let seq = end - PAGE; seq < end; seq++) {
      this.#publish(`$JS.API.DIRECT.GET.${room}`, `page.${this.#options.user}`, { seq });
    }
    this.flush();
  }

  #message(sid: number, bytes: Buffer, start: number, end: number): void {
    if (sid === ROOM) this.#options.delivered?.(bytes, start, end);
    else if (sid === ACKS) this.#ack(bytes, start, end);
    else if (sid === REPLIES)
      this.#replies.shift()?.resolve(JSON.parse(bytes.toString("utf8", start, end)) as Reply);
    else this.#paged(end - start);
  }

  #ack(bytes: Buffer, start: number, end: number): void {
    if (bytes[start + 2] === E) throw new Error(`refused: ${bytes.toString("latin1", start, end)}`);
    this.#options.acked?.();
  }

  #paged(bytes: number): void {
    this.#page.messages++;
    this.#page.bytes += bytes;
    if (this.#page.messages < PAGE) return;
    this.#options.paged?.(this.#page.bytes);
  }

  #roundTrip(): Promise<void> {
    const pong = Promise.withResolvers<void>();
    this.#pongs.push(pong);
    this.#add("PING\r\n");
    this.flush();
    return pong.promise;
  }

  async #ask(command: string, data: object): Promise<Reply> {
    const answer = Promise.withResolvers<Reply>();
    this.#replies.push(answer);
    this.#publish(`$JS.API.${command}`, `reply.${this.#options.user}`, data);
    this.flush();
    const reply = await answer.promise;
    if (reply.error) throw new Error(`${command}: ${reply.error.description}`);
    return reply;
  }

  #publish(subject: string, reply: string, data: object): void {
    const text = JSON.stringify(data);
    this.#add(`PUB ${subject} ${reply} ${text.length}\r\n${text}\r\n`);
  }

  #add(text: string): void {
    this.#wire.add(maskedFrame(text, BINARY));
  }

  #frame(room: string): SendFrame {
    const head = `PUB room.${room} ack.${this.#options.user} ${MESSAGE.length}\r\n`;
    const frame = new SendFrame(`${head}${MESSAGE}\r\n`, BINARY);
    this.#frames.set(room, frame);
    return frame;
  }
}
