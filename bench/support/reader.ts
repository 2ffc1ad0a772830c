import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { maskedFrame } from "../load/frames.ts";

const TEXT = 0x81;
const CLOSE = 0x88;
const EVENT = Buffer.from('"cmd":"event"');
const TID = Buffer.from('"tid":');

export interface ReaderOptions {
  readonly user: string;
  /** What it listens to: the log of a room … */
  readonly room_id?: string;
  /** … or all events of a pattern (E2). */
  readonly pattern?: object;
  /** Called with the text of each event. */
  readonly onEvent?: (text: string) => void;
  /** What it says to an event: ok at once (default), ok after so many milliseconds, an ack, nothing. */
  readonly answer?: "ok" | number | "ack" | "nothing";
}

/**
 * A subscriber that costs little beside the server: frames are taken apart by hand, events are answered in one write
 * for all that came together.
 */
export class Reader {
  readonly #socket: Socket;
  readonly #onEvent: (text: string) => void;
  readonly #answer: ReaderOptions["answer"];
  /** The code with which the server closed it. */
  closed: number | undefined;
  #rest: Buffer = Buffer.alloc(0);
  events = 0;

  /** Connected, logged in, subscribed. */
  static async connect(url: string, { user, room_id, pattern, ...options }: ReaderOptions): Promise<Reader> {
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, "connect");
    socket.setNoDelay(true);
    const key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13";
    socket.write(
      `GET / HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${key}\r\n\r\n`,
    );
    await once(socket, "data");
    const reader = new Reader(socket, options);
    reader.#request("core", "user", "login", { user });
    if (pattern) reader.#request("core", "event", "subscribe", pattern);
    else reader.#request("media", "room", "msglog_subscribe", { room_id });
    await reader.#subscribed.promise;
    return reader;
  }

  readonly #subscribed = Promise.withResolvers<void>();

  private constructor(
    socket: Socket,
    { onEvent = () => {}, answer = "ok" }: Pick<ReaderOptions, "onEvent" | "answer">,
  ) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    this.#answer = answer;
    socket.on("data", (bytes) => this.#take(bytes));
    socket.on("error", () => {});
  }

  /** Reads nothing from now on, and so answers nothing. */
  stall(): void {
    this.#socket.pause();
  }

  end(): void {
    this.#socket.destroy();
  }

  #request(cls: string, subclass: string, cmd: string, data: object): void {
    this.#socket.write(maskedFrame(JSON.stringify({ class: cls, subclass, cmd, data, tid: cmd })));
  }

  #take(bytes: Buffer): void {
    const all = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    const answers: Buffer[] = [];
    let at = 0;
    for (let next = endOfFrame(all, at); next !== undefined; next = endOfFrame(all, at)) {
      const payload = all.subarray(at + headerLength(all, at), next);
      if (all[at] === TEXT) this.#frame(payload, answers);
      if (all[at] === CLOSE) this.closed = payload.readUInt16BE(0);
      at = next;
    }
    this.#rest = all.subarray(at);
    if (answers.length > 0) this.#socket.write(Buffer.concat(answers));
  }

  #frame(payload: Buffer, answers: Buffer[]): void {
    if (payload.includes('subscribe"}')) this.#subscribed.resolve();
    if (!payload.includes('"class":"core"')) return;
    const tid = payload.subarray(payload.lastIndexOf(TID) + TID.length, payload.length - 1);
    const ok = maskedFrame(`{"result":"ok","tid":${tid}}`);
    if (!payload.includes(EVENT)) return void answers.push(ok);
    this.events += 1;
    if (this.#answer === "ok") answers.push(ok);
    if (this.#answer === "ack") answers.push(maskedFrame(`{"ack":${tid}}`));
    if (typeof this.#answer === "number") setTimeout(() => this.#socket.write(ok), this.#answer);
    this.#onEvent(payload.toString());
  }
}

/** Servers do not mask. */
function headerLength(bytes: Buffer, at: number): number {
  const short = bytes[at + 1] as number;
  return short < 126 ? 2 : short === 126 ? 4 : 10;
}

function endOfFrame(bytes: Buffer, at: number): number | undefined {
  if (bytes.length < at + 2) return undefined;
  const head = headerLength(bytes, at);
  if (bytes.length < at + head) return undefined;
  const short = bytes[at + 1] as number;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
  const end = at + head + length;
  return end <= bytes.length ? end : undefined;
}
