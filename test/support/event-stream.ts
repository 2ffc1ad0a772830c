/** One server-sent event (WHATWG HTML §9.2); `id` and `event` are undefined when they were not given. */
export interface ServerEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string;
}

/** Server-sent events as they come, one reader at a time. */
export class EventStream {
  readonly status: number;
  readonly headers: Headers;
  /** The bytes received so far. */
  bytes = 0;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  static async open(url: string, init: RequestInit = {}): Promise<EventStream> {
    const response = await fetch(url, init);
    if (!response.body) throw new Error(`no body: ${response.status}`);
    return new EventStream(response, response.body);
  }

  private constructor({ status, headers }: Response, body: ReadableStream<Uint8Array>) {
    this.status = status;
    this.headers = headers;
    this.#reader = body.getReader();
  }

  /** The next event; undefined at the end of the stream. Rejects when the connection breaks. */
  async next(): Promise<ServerEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end < 0) {
        if (!(await this.#more())) return undefined;
        continue;
      }
      const block = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      const event = eventIn(block);
      if (event) return event;
    }
  }

  /** The next events, so many. */
  async take(count: number): Promise<ServerEvent[]> {
    const events: ServerEvent[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (!event) throw new Error(`the stream ended after ${events.length} of ${count} events`);
      events.push(event);
    }
    return events;
  }

  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#reader.read();
    if (done) return false;
    this.bytes += value.length;
    this.#text += this.#decoder.decode(value, { stream: true });
    return true;
  }
}

/** What a block says; undefined for a comment. */
export function eventIn(block: string): ServerEvent | undefined {
  const fields = block.split("\n").filter((line) => !line.startsWith(":"));
  if (fields.length === 0) return undefined;
  const values = (name: string) =>
    fields.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
  return { id: values("id")[0], event: values("event")[0], data: values("data").join("\n") };
}
