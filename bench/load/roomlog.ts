import type { Answers, Client, ClientOptions, Dialect, Handlers } from "./dialect.ts";
import { PAGE } from "./dialect.ts";
import { digitsBefore, maskedFrame } from "./frames.ts";
import { FIRST_SEND, MESSAGE, SendFrame } from "./message.ts";
import { type Receiver, Wire } from "./wire.ts";

/** A frame is told by the third byte: `{"class":` a request of the server, `{"result":` an answer, `{"ack":`. */
const CLASS = 0x63;
const RESULT = 0x72;
/** `{"result":"ok"` or `"error"`. */
const VERDICT_AT = '{"result":"'.length;
const O = 0x6f;
/** `"cmd":"event"` or `"ping"`, behind `{"class":"core",`. */
const COMMAND_AT = '{"class":"core","cmd":"'.length;
const E = 0x65;
const QUOTE = 0x22;
const FIRST_PAGE = 8_000_000_000;
const PAGE_DIGIT = 0x38;

export const roomlog: Dialect = async (url, options) => {
  const client = new RoomlogClient(options);
  await client.open(url, options.user);
  return client;
};

class RoomlogClient implements Client, Receiver {
  readonly #handlers: Handlers;
  readonly #answers: Answers;
  readonly #frames = new Map<string, SendFrame>();
  readonly #calls: PromiseWithResolvers<void>[] = [];
  #wire!: Wire;
  #sends = FIRST_SEND;
  #pages = FIRST_PAGE;

  constructor({ answers = "batched", ...handlers }: ClientOptions) {
    this.#handlers = handlers;
    this.#answers = answers;
  }

  async open(url: string, user: string): Promise<void> {
    this.#wire = await Wire.open(url, this);
    await this.#call("core", "user", "login", { user });
  }

  create(room_id: string): Promise<void> {
    return this.#call("media", "room", "create", { class: "chat", room_id });
  }

  subscribe(room_id: string): Promise<void> {
    return this.#call("media", "room", "msglog_subscribe", { room_id });
  }

  send(room: string): void {
    const frame = this.#frames.get(room) ?? this.#frame(room);
    this.#wire.add(frame.numbered(this.#sends++));
  }

  page(room_id: string, before?: number): void {
    const data = { room_id, limit: PAGE, order: "desc", before };
    const request = { class: "media", subclass: "room", cmd: "msglog_get", data, tid: this.#pages++ };
    this.#wire.add(maskedFrame(JSON.stringify(request)));
  }

  flush(): void {
    this.#wire.flush();
  }

  end(): void {
    this.#wire.end();
  }

  frame(bytes: Buffer, start: number, end: number): void {
    const kind = bytes[start + 2];
    if (kind === CLASS) this.#request(bytes, start, end);
    else if (kind === RESULT) this.#answer(bytes, start, end);
  }

  #frame(room: string): SendFrame {
    const frame = sendFrame(room);
    this.#frames.set(room, frame);
    return frame;
  }

  #request(bytes: Buffer, start: number, end: number): void {
    const isEvent = bytes[start + COMMAND_AT] === E;
    if (isEvent) this.#handlers.delivered?.(bytes, start, end);
    if (isEvent && this.#answers === "none") return;
    this.#wire.add(okFrame(bytes, digitsBefore(bytes, end - 1), end - 1));
    if (this.#answers === "single") this.#wire.flush();
  }

  #answer(bytes: Buffer, start: number, end: number): void {
    if (bytes[start + VERDICT_AT] !== O) throw new Error(`refused: ${bytes.toString("latin1", start, end)}`);
    if (bytes[end - 2] === QUOTE) this.#calls.shift()?.resolve();
    else if (bytes[end - 11] === PAGE_DIGIT) this.#handlers.paged?.(end - start);
    else this.#handlers.acked?.();
  }

  /** Its tid is a text, unlike that of sends. */
  #call(cls: string, subclass: string, cmd: string, data: object): Promise<void> {
    const call = Promise.withResolvers<void>();
    this.#calls.push(call);
    this.#wire.add(maskedFrame(JSON.stringify({ class: cls, subclass, cmd, data, tid: "call" })));
    this.#wire.flush();
    return call.promise;
  }
}

function sendFrame(room: string): SendFrame {
  const data = `{"room_id":"${room}","msg":${MESSAGE}}`;
  return new SendFrame(
    `{"class":"media","subclass":"room","cmd":"msglog_send","data":${data},"tid":${FIRST_SEND}}`,
  );
}

/** Frames of the answer to a request, by the digits of its tid. */
const okFrames = Array.from({ length: 17 }, (_, digits) =>
  maskedFrame(`{"result":"ok","tid":${"0".repeat(digits)}}`),
);

/** The answer to the request whose tid stands in `bytes[from, to)`. The same bytes each time. */
function okFrame(bytes: Buffer, from: number, to: number): Buffer {
  const ok = okFrames[to - from];
  if (!ok || from === to)
    throw new Error(`no tid at the end: ${bytes.toString("latin1", Math.max(0, from - 200), to)}`);
  bytes.copy(ok, ok.length - 1 - (to - from), from, to);
  return ok;
}
