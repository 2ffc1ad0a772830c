import { onTestFinished } from "vitest";

// biome-ignore lint/suspicious/noExplicitAny: tests look into frames of every shape
export type Frame = any;

/**
 * A client that sends and sees the frames as they are, one reader at a time. It answers nothing unless it is told to,
 * or to `answering`.
 */
export class RawClient {
  /** Every frame received, as text. */
  readonly texts: string[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #socket: WebSocket;
  #read = 0;
  #wake: () => void = () => {};
  #tid = 0;
  #answering = false;

  static async connect(url: string): Promise<RawClient> {
    const client = new RawClient(new WebSocket(url));
    onTestFinished(async () => {
      await client.close();
    });
    await new Promise((resolve) => client.#socket.addEventListener("open", resolve, { once: true }));
    return client;
  }

  /** Connected, logged in as `user`. */
  static async login(url: string, user = "ann", session_id?: string): Promise<RawClient> {
    const client = await RawClient.connect(url);
    const answer = await client.call("core/user/login", { user, session_id });
    if (answer.result !== "ok") throw new Error(`login refused: ${JSON.stringify(answer)}`);
    return client;
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.texts.push(String(data));
      if (this.#answering) this.#answer(JSON.parse(String(data)));
      this.#wake();
    });
    socket.addEventListener("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
    });
  }

  /** Drops what has arrived, to save memory. */
  forget(): void {
    this.texts.length = 0;
    this.#read = 0;
  }

  /** Bytes that were sent and not taken by the other side yet. */
  get unsent(): number {
    return this.#socket.bufferedAmount;
  }

  send(frame: Frame): void {
    this.#socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  binary(bytes: Uint8Array<ArrayBuffer>): void {
    this.#socket.send(bytes);
  }

  /** The next frame that was not taken yet, as text. */
  async nextText(): Promise<string> {
    while (this.#read >= this.texts.length) {
      const woken = new Promise<undefined>((resolve) => {
        this.#wake = () => resolve(undefined);
      });
      const ended = await Promise.race([woken, this.closed]);
      if (ended && this.#read >= this.texts.length) throw new Error(`closed: ${ended.code} ${ended.reason}`);
    }
    return this.texts[this.#read++] as string;
  }

  async next(): Promise<Frame> {
    return JSON.parse(await this.nextText());
  }

  /** Takes frames until one fits, and returns it. */
  async until(fits: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const frame = await this.next();
      if (fits(frame)) return frame;
    }
  }

  /** Sends a request and takes frames until its answer; acks and events before it are passed over. */
  call(name: string, data?: object): Promise<Frame> {
    const [cls, subclass, cmd] = name.split("/");
    const tid = `t${++this.#tid}`;
    this.send({ class: cls, subclass, cmd, data, tid });
    return this.until((frame) => frame.tid === tid && "result" in frame);
  }

  /** Everything that has arrived, once the server has answered one more request. */
  async settled(): Promise<Frame[]> {
    const from = this.#read;
    await this.call("core/event/unsubscribe", { class: "nothing" });
    return this.texts.slice(from, -1).map((text) => JSON.parse(text));
  }

  /** From now on it answers what the server asks, as a well-behaved client does. */
  answering(): this {
    this.#answering = true;
    for (const text of this.texts) this.#answer(JSON.parse(text));
    return this;
  }

  #answer({ cmd, tid }: Frame): void {
    if (cmd) this.send({ result: "ok", tid });
  }

  close(): Promise<{ readonly code: number; readonly reason: string }> {
    this.#socket.close();
    return this.closed;
  }
}

/** The events among frames, as the `data` of each. */
export function eventsOf(frames: readonly Frame[]): Frame[] {
  return frames.filter(({ cmd }) => cmd === "event").map(({ data }) => data);
}
